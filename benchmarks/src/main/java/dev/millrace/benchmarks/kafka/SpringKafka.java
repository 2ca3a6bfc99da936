package dev.millrace.benchmarks.kafka;

import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.springframework.kafka.KafkaException;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.FixedBackOff;

/** Spring Kafka: a thread and a consumer for each partition, a commit after each poll. */
final class SpringKafka implements Arm {

  private static final int THREADS = 8;

  private final boolean letters;
  private @Nullable ConcurrentMessageListenerContainer<String, byte[]> container;

  SpringKafka() {
    this(false);
  }

  private SpringKafka(boolean letters) {
    this.letters = letters;
  }

  /** Each record fails and becomes a dead letter; a letter counts when the broker has it. */
  static SpringKafka letters() {
    return new SpringKafka(true);
  }

  @Override
  public void start(Job job) {
    var properties = new ContainerProperties(job.topic());
    properties.setGroupId(job.group());
    properties.setMessageListener(
        (MessageListener<String, byte[]>)
            record -> {
              if (letters) {
                throw new IllegalStateException("planned");
              }
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
    if (letters) {
      started.setCommonErrorHandler(errorHandler(job));
    }
    container = started;
    started.start();
  }

  /** No further attempts, and the letters go to the partition of their record. */
  private static DefaultErrorHandler errorHandler(Job job) {
    String topic = job.group() + "-letters";
    ChannelLoop.create(job, topic);
    Map<String, Object> properties = LetterProbe.properties(job.work());
    properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, job.bootstrapServers());
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
    properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    var template = new KafkaTemplate<>(new DefaultKafkaProducerFactory<String, byte[]>(properties));
    var handler =
        new DefaultErrorHandler(
            new DeadLetterPublishingRecoverer(
                template, (record, failure) -> new TopicPartition(topic, record.partition())),
            new FixedBackOff(0, 0));
    handler.setLogLevel(KafkaException.Level.DEBUG);
    return handler;
  }

  @Override
  public void close() {
    Objects.requireNonNull(container).stop();
  }
}
