package dev.millrace.benchmarks.kafka;

import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;

/** Confluent's Parallel Consumer. */
final class ParallelConsumer implements Arm {

  /**
   * Platform threads. With more threads it is slower without work, with fewer threads it is slower
   * with work.
   */
  private static final int THREADS = Integer.getInteger("parallelConsumer.threads", 256);

  private final ProcessingOrder order;
  private @Nullable ParallelStreamProcessor<String, byte[]> processor;

  ParallelConsumer(ProcessingOrder order) {
    this.order = order;
  }

  @Override
  public void start(Job job) {
    Map<String, Object> properties = job.properties();
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    ParallelStreamProcessor<String, byte[]> started =
        ParallelStreamProcessor.createEosStreamProcessor(
            ParallelConsumerOptions.<String, byte[]>builder()
                .consumer(new KafkaConsumer<>(properties))
                .ordering(order)
                .maxConcurrency(THREADS)
                .commitMode(CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
                .build());
    processor = started;
    started.subscribe(List.of(job.topic()));
    started.poll(
        context -> {
          try {
            job.work().handle(context.getSingleConsumerRecord());
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Override
  public void close() {
    Objects.requireNonNull(processor).closeDontDrainFirst();
  }
}
