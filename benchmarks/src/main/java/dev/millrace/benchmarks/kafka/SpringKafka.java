package dev.millrace.benchmarks.kafka;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;

/** Spring Kafka: a thread and a consumer for each partition, a commit after each poll. */
final class SpringKafka implements Arm {

  private static final int THREADS = 8;

  private @Nullable ConcurrentMessageListenerContainer<String, byte[]> container;

  @Override
  public void start(Job job) {
    var properties = new ContainerProperties(job.topic());
    properties.setGroupId(job.group());
    properties.setMessageListener(
        (MessageListener<String, byte[]>)
            record -> {
              try {
                job.work().handle(record);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    var started =
        new ConcurrentMessageListenerContainer<>(
            new DefaultKafkaConsumerFactory<String, byte[]>(job.properties()), properties);
    started.setConcurrency(THREADS);
    container = started;
    started.start();
  }

  @Override
  public void close() {
    Objects.requireNonNull(container).stop();
  }
}
