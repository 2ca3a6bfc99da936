package dev.millrace.testkit.chaos;

import dev.millrace.kafka.BatchHandler;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The handler of batches of a worker, with a planted defect. */
final class PlantedBatches implements BatchHandler<String, String> {

  private static final int EACH = 20;

  private final Worker worker;
  private final AtomicLong batches = new AtomicLong();

  PlantedBatches(Worker worker) {
    this.worker = worker;
  }

  @Override
  public void handle(List<ConsumerRecord<String, String>> records) throws Exception {
    boolean isChosen = batches.incrementAndGet() % EACH == 0;
    switch (worker.defect()) {
      case DROPS_RECORDS ->
          worker.handleAll(isChosen ? records.subList(0, records.size() - 1) : records);
      case REVERSES_BATCHES -> worker.handleAll(records.reversed());
      case SETTLES_EARLY -> {
        if (isChosen) {
          PlantedHandler.later(() -> records.forEach(worker::ended));
        } else {
          worker.handleAll(records);
        }
      }
      default -> worker.handleAll(records);
    }
  }
}
