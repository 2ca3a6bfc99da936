package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;

/** A plain poll loop that commits after it has handled. */
public final class PollLoopSubject implements Subject {

  /** For the kit. */
  public PollLoopSubject() {}

  @Override
  public void run(SubjectRun run) {
    Map<String, Object> properties = run.consumerProperties();
    properties.put("enable.auto.commit", "false");
    try (var consumer = open(properties)) {
      consumer.subscribe(List.of(run.topic()), run.listener());
      while (!run.isStopping()) {
        ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(100));
        for (ConsumerRecord<String, String> record : records) {
          run.started(record);
          run.handled(record);
        }
        commit(consumer);
      }
    }
  }

  /** On a starved machine, the client's thread may not start within the client's time limit. */
  private static KafkaConsumer<String, String> open(Map<String, Object> properties) {
    while (true) {
      try {
        return new KafkaConsumer<>(properties);
      } catch (KafkaException e) {
        if (!(e.getCause() instanceof TimeoutException)) {
          throw e;
        }
      }
    }
  }

  private static void commit(KafkaConsumer<?, ?> consumer) {
    try {
      consumer.commitSync();
    } catch (RebalanceInProgressException | CommitFailedException | TimeoutException e) {
      // the records come again, here or at another member
    }
  }
}
