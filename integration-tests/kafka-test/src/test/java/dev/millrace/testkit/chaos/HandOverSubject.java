package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** The usual mistake: hands records to threads, and lets the client commit them by itself. */
public final class HandOverSubject implements Subject {

  /** For the kit. */
  public HandOverSubject() {}

  @Override
  public void run(SubjectRun run) {
    Map<String, Object> properties = run.consumerProperties();
    properties.put("enable.auto.commit", "true");
    properties.put("auto.commit.interval.ms", "100");
    try (var consumer = new KafkaConsumer<String, String>(properties);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      consumer.subscribe(List.of(run.topic()));
      while (!run.isStopping()) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
          threads.execute(() -> handle(run, record));
        }
      }
    }
  }

  private static void handle(SubjectRun run, ConsumerRecord<String, String> record) {
    try {
      TimeUnit.MILLISECONDS.sleep(Long.parseLong(run.setting("work.ms")));
      run.handled(record);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the record is lost: its offset is committed
    }
  }
}
