package dev.millrace.benchmarks.kafka;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Counts each dead letter when the broker has acknowledged it. */
public final class LetterProbe implements ProducerInterceptor<Object, Object> {

  private static final ConsumerRecord<String, byte[]> ONE =
      new ConsumerRecord<>("letters", 0, 0, "", new byte[0]);

  private static volatile Arm.@Nullable Work counted;

  /** Properties of a producer that tells this work of each acknowledged letter; can be changed. */
  static Map<String, Object> properties(Arm.Work work) {
    counted = work;
    Map<String, Object> properties = new HashMap<>();
    properties.put(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, LetterProbe.class.getName());
    return properties;
  }

  @Override
  public void onAcknowledgement(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
    Arm.Work work = counted;
    if (exception == null && work != null) {
      try {
        work.handle(ONE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
    return record;
  }

  @Override
  public void configure(Map<String, ?> configs) {}

  @Override
  public void close() {}
}
