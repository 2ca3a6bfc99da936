package dev.millrace.benchmarks.kafka;

import dev.millrace.kafka.Ordering;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import java.util.List;
import java.util.stream.Stream;

/** All arms, in the order of the tables. */
enum Arms {
  RAW("raw loop, no guarantees"),
  UNORDERED("Millrace, UNORDERED"),
  KEY("Millrace, KEY"),
  PARTITION("Millrace, PARTITION"),
  OVER_REACTOR_UNORDERED("Millrace over Reactor Kafka, UNORDERED"),
  OVER_REACTOR_KEY("Millrace over Reactor Kafka, KEY"),
  PARALLEL_UNORDERED("Parallel Consumer, UNORDERED"),
  PARALLEL_KEY("Parallel Consumer, KEY"),
  REACTOR_UNORDERED("Reactor Kafka, flatMap"),
  REACTOR_KEY("Reactor Kafka, groupBy"),
  SPRING("Spring Kafka, 8 threads"),
  SINGLE("single thread"),
  SHARE("Millrace, share group"),
  SHARE_BATCHES("Millrace, share group, whole batches"),
  SHARE_TEXTBOOK("share consumer, single thread"),
  EXACTLY_ONCE_LOOP("Millrace, exactly once"),
  EXACTLY_ONCE_PIPELINE("Millrace pipeline, exactly once"),
  TRANSACTIONS_TEXTBOOK("a transaction for each poll, single thread"),
  PRODUCING_PIPELINE("Millrace pipeline with KafkaSink, at least once"),
  BATCHES("Millrace, batches of 500"),
  READING("Millrace, KEY, without a group"),
  RETRY_IN_PLACE("Millrace, KEY, retries in place"),
  RETRY_TOPIC("Millrace, KEY, retry topic"),
  LETTERS("Millrace, UNORDERED, a letter for each record"),
  SPRING_LETTERS("Spring Kafka, 8 threads, a letter for each record");

  /** The arms that produce a record for each record. */
  static final List<Arms> PRODUCING =
      List.of(EXACTLY_ONCE_LOOP, EXACTLY_ONCE_PIPELINE, TRANSACTIONS_TEXTBOOK, PRODUCING_PIPELINE);

  /** The arms of the rows that fail at first. */
  static final List<Arms> RETRYING = List.of(RETRY_IN_PLACE, RETRY_TOPIC);

  /** The arms whose records all become dead letters. */
  static final List<Arms> DEAD_LETTERS = List.of(LETTERS, SPRING_LETTERS);

  /** The arms that only consume, one record after the other or at once, in a group. */
  static final List<Arms> CONSUMING =
      Stream.of(values())
          .filter(arm -> !PRODUCING.contains(arm) && !RETRYING.contains(arm))
          .filter(arm -> !DEAD_LETTERS.contains(arm))
          .filter(arm -> arm != BATCHES && arm != READING)
          .toList();

  final String title;

  Arms(String title) {
    this.title = title;
  }

  Arm create() {
    return switch (this) {
      case RAW -> new RawLoop();
      case UNORDERED -> ChannelLoop.of(Ordering.UNORDERED);
      case KEY -> ChannelLoop.of(Ordering.KEY);
      case PARTITION -> ChannelLoop.of(Ordering.PARTITION);
      case OVER_REACTOR_UNORDERED -> new ReactorLoop(Ordering.UNORDERED);
      case OVER_REACTOR_KEY -> new ReactorLoop(Ordering.KEY);
      case PARALLEL_UNORDERED -> new ParallelConsumer(ProcessingOrder.UNORDERED);
      case PARALLEL_KEY -> new ParallelConsumer(ProcessingOrder.KEY);
      case REACTOR_UNORDERED -> new ReactorKafka(ReactorKafka.Order.UNORDERED);
      case REACTOR_KEY -> new ReactorKafka(ReactorKafka.Order.KEY);
      case SPRING -> new SpringKafka();
      case SINGLE -> new SingleThread();
      case EXACTLY_ONCE_LOOP -> new ExactlyOnceLoop();
      case EXACTLY_ONCE_PIPELINE -> new ExactlyOncePipeline();
      case TRANSACTIONS_TEXTBOOK -> new TextbookTransactions();
      case PRODUCING_PIPELINE -> new ProducingPipeline();
      case BATCHES -> ChannelLoop.batches();
      case READING -> ChannelLoop.reading();
      case RETRY_IN_PLACE -> ChannelLoop.retryingInPlace();
      case RETRY_TOPIC -> ChannelLoop.retryTopic();
      case LETTERS -> ChannelLoop.letters();
      case SPRING_LETTERS -> SpringKafka.letters();
      case SHARE -> new ShareGroups(ShareGroups.Kind.LOOP);
      case SHARE_BATCHES -> new ShareGroups(ShareGroups.Kind.LOOP_BATCHES);
      case SHARE_TEXTBOOK -> new ShareGroups(ShareGroups.Kind.TEXTBOOK);
    };
  }
}
