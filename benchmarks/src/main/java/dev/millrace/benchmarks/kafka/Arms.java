package dev.millrace.benchmarks.kafka;

import dev.millrace.kafka.Ordering;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;

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
  SINGLE("single thread");

  final String title;

  Arms(String title) {
    this.title = title;
  }

  Arm create() {
    return switch (this) {
      case RAW -> new RawLoop();
      case UNORDERED -> new ChannelLoop(Ordering.UNORDERED);
      case KEY -> new ChannelLoop(Ordering.KEY);
      case PARTITION -> new ChannelLoop(Ordering.PARTITION);
      case OVER_REACTOR_UNORDERED -> new ReactorLoop(Ordering.UNORDERED);
      case OVER_REACTOR_KEY -> new ReactorLoop(Ordering.KEY);
      case PARALLEL_UNORDERED -> new ParallelConsumer(ProcessingOrder.UNORDERED);
      case PARALLEL_KEY -> new ParallelConsumer(ProcessingOrder.KEY);
      case REACTOR_UNORDERED -> new ReactorKafka(ReactorKafka.Order.UNORDERED);
      case REACTOR_KEY -> new ReactorKafka(ReactorKafka.Order.KEY);
      case SPRING -> new SpringKafka();
      case SINGLE -> new SingleThread();
    };
  }
}
