package dev.millrace.samples.docs;

import dev.millrace.testkit.chaos.Subject;
import dev.millrace.testkit.chaos.SubjectRun;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;

// doc:begin
/** The application's consumer, as the proof runs it. */
public final class OrdersSubject implements Subject {

  @Override
  public void run(SubjectRun run) {
    Map<String, Object> properties = run.consumerProperties();
    properties.put("enable.auto.commit", false); // or close() would commit unsaved orders
    try (var consumer = new KafkaConsumer<String, String>(properties)) {
      consumer.subscribe(List.of(run.topic()), run.listener());
      while (!run.isStopping()) {
        for (ConsumerRecord<String, String> order : consumer.poll(Duration.ofMillis(100))) {
          run.started(order);
          save(order);
          run.handled(order); // after the work, before the commit
        }
        commit(consumer);
      }
    }
  }

  private static void save(ConsumerRecord<String, String> order) {
    System.out.println("saved " + order.value()); // your own code
  }

  private static void commit(KafkaConsumer<?, ?> consumer) {
    try {
      consumer.commitSync();
    } catch (RebalanceInProgressException | CommitFailedException | TimeoutException e) {
      // the orders are delivered again, here or to another member
    }
  }
}

// doc:end
