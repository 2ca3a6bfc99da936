package dev.millrace.samples.docs;

import dev.millrace.testkit.chaos.Subject;
import dev.millrace.testkit.chaos.SubjectRun;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;

// doc:begin
/** Hands orders to threads while the client commits what it has polled: it loses orders. */
public final class NaiveOrdersSubject implements Subject {

  @Override
  public void run(SubjectRun run) {
    Map<String, Object> properties = run.consumerProperties();
    properties.put("auto.commit.interval.ms", 100);
    try (var consumer = new KafkaConsumer<String, String>(properties);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      consumer.subscribe(List.of(run.topic()));
      while (!run.isStopping()) {
        for (ConsumerRecord<String, String> order : consumer.poll(Duration.ofMillis(100))) {
          threads.execute(() -> save(run, order));
        }
      }
    }
  }

  private static void save(SubjectRun run, ConsumerRecord<String, String> order) {
    try {
      TimeUnit.MILLISECONDS.sleep(20); // the work
      run.handled(order);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

// doc:end
