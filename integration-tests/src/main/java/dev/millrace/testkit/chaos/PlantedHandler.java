package dev.millrace.testkit.chaos;

import dev.millrace.kafka.RecordHandler;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The handler of a worker, with a planted defect. */
final class PlantedHandler implements RecordHandler<String, String> {

  private static final int EACH = 50;
  private static final int SOON = 100;

  private final Worker worker;
  private final Defect defect;
  private final AtomicLong records = new AtomicLong();
  private final Map<Integer, ConsumerRecord<String, String>> held = new ConcurrentHashMap<>();

  PlantedHandler(Worker worker) {
    this.worker = worker;
    this.defect = worker.defect();
  }

  @Override
  public void handle(ConsumerRecord<String, String> record) throws Exception {
    long number = records.incrementAndGet();
    switch (defect) {
      case DROPS_RECORDS -> {
        if (number % EACH != 0) {
          worker.handle(record);
        }
      }
      case HANDLES_TWICE -> {
        worker.handle(record);
        if (number % EACH == 0) {
          worker.handle(record);
        }
      }
      case STANDS_STILL -> {
        if (number > SOON) {
          new CountDownLatch(1).await();
        }
        worker.handle(record);
      }
      case SETTLES_EARLY -> {
        if (number % (4 * EACH) == 0) {
          worker.started(record);
          later(() -> worker.ended(record));
        } else {
          worker.handle(record);
        }
      }
      case FORGETS_REVOKES -> {
        worker.handle(record);
        if (held.putIfAbsent(record.partition(), record) != null && number % EACH == 0) {
          for (var old : held.values()) { // the partition may have been revoked by now
            worker.started(old);
            worker.ended(old);
          }
        }
      }
      case LEAKS_A_THREAD -> {
        if (number == SOON) {
          Thread.ofVirtual().name("leak").start(PlantedHandler::hang);
        }
        worker.handle(record);
      }
      case CLOSES_LATE -> {
        if (number == SOON) {
          Runtime.getRuntime().addShutdownHook(new Thread(PlantedHandler::hang));
        }
        worker.handle(record);
      }
      default -> worker.handle(record);
    }
  }

  /** Does it in another thread, and late. */
  static void later(Runnable work) {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                Thread.sleep(1000); // the work; long enough to show the defect
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // no thread interrupts this one
              }
              work.run();
            });
  }

  private static void hang() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // no thread interrupts this one
    }
  }
}
