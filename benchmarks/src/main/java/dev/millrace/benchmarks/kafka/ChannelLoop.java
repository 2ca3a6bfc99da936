package dev.millrace.benchmarks.kafka;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** Ours, on channels, in the main thread of an application. */
final class ChannelLoop implements Arm {

  private static final int BATCH = 500;
  private static final Duration LINGER = Duration.ofMillis(10);
  private static final Duration DELAY = Duration.ofMillis(100);

  /** One record of this number fails at first. */
  private static final int FAILS = 20;

  private final Function<Job, KafkaLoop<?, ?>> loops;
  private final CancellableContext context = Context.background().withCancel();
  private @Nullable Thread thread;

  private ChannelLoop(Function<Job, KafkaLoop<?, ?>> loops) {
    this.loops = loops;
  }

  /** Records one by one. */
  static ChannelLoop of(Ordering ordering) {
    return new ChannelLoop(
        job ->
            builder(job)
                .topics(job.topic())
                .ordering(ordering)
                .handler(job.work()::handle)
                .build());
  }

  /** Records in batches of 500. */
  static ChannelLoop batches() {
    return new ChannelLoop(
        job ->
            builder(job)
                .topics(job.topic())
                .batchHandler(BATCH, LINGER, records -> handle(job, records))
                .build());
  }

  private static void handle(Job job, List<ConsumerRecord<String, byte[]>> records)
      throws InterruptedException {
    for (ConsumerRecord<String, byte[]> record : records) {
      job.work().handle(record);
    }
  }

  /** All partitions, without a group. */
  static ChannelLoop reading() {
    return new ChannelLoop(
        job ->
            builder(job)
                .assign(Reading.topics(job.topic()))
                .ordering(Ordering.KEY)
                .handler(job.work()::handle)
                .build());
  }

  /** Five of a hundred records fail once, and are tried again after 100 ms, in their place. */
  static ChannelLoop retryingInPlace() {
    return new ChannelLoop(
        job -> {
          Set<String> failed = ConcurrentHashMap.newKeySet();
          return builder(job)
              .topics(job.topic())
              .ordering(Ordering.KEY)
              .retry(2, Backoff.fixed(DELAY))
              .handler(
                  record -> {
                    if (fails(record) && failed.add(record.partition() + "@" + record.offset())) {
                      throw new IllegalStateException("not yet");
                    }
                    job.work().handle(record);
                  })
              .build();
        });
  }

  /** Five of a hundred records fail once, and are tried again after 100 ms, in a retry topic. */
  static ChannelLoop retryTopic() {
    return new ChannelLoop(
        job -> {
          String retries = job.group() + "-retry";
          create(job, retries);
          return builder(job)
              .topics(job.topic())
              .ordering(Ordering.KEY)
              .retryTopic(retries, DELAY)
              .deadLetterTopic(job.group() + "-letters")
              .handler(
                  record -> {
                    if (record.topic().equals(job.topic()) && fails(record)) {
                      throw new IllegalStateException("not yet");
                    }
                    job.work().handle(record);
                  })
              .build();
        });
  }

  /** Each record fails and becomes a dead letter; a letter counts when the broker has it. */
  static ChannelLoop letters() {
    return new ChannelLoop(
        job -> {
          String letters = job.group() + "-letters";
          create(job, letters);
          return builder(job)
              .topics(job.topic())
              .ordering(Ordering.UNORDERED)
              .deadLetterTopic(letters)
              .producerProperties(LetterProbe.properties(job.work()))
              .handler(
                  record -> {
                    throw new IllegalStateException("planned");
                  })
              .build();
        });
  }

  private static boolean fails(ConsumerRecord<?, ?> record) {
    return record.offset() % FAILS == 0;
  }

  static void create(Job job, String topic) {
    try (Admin admin =
        Admin.create(
            Map.<String, Object>of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, job.bootstrapServers()))) {
      var one = new NewTopic(topic, Optional.of(Topics.PARTITIONS), Optional.empty());
      admin.createTopics(List.of(one)).all().get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KafkaLoop.Builder<String, byte[]> builder(Job job) {
    return KafkaLoop.<String, byte[]>builder()
        .properties(job.properties())
        .concurrency(IN_FLIGHT)
        .onError(failure -> {}); // a line of the log for each planned failure would be measured
  }

  @Override
  public void start(Job job) {
    KafkaLoop<?, ?> loop = loops.apply(job);
    thread = Thread.ofPlatform().name("loop").start(() -> run(loop));
  }

  private void run(KafkaLoop<?, ?> loop) {
    try {
      loop.run(context);
    } catch (CancellationException e) {
      // close() ends the loop in this way
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    context.cancel();
    Threads.join(thread);
  }
}
