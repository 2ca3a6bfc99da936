package dev.millrace.benchmarks.kafka;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.kafka.receiver.KafkaReceiver;
import reactor.kafka.receiver.ReceiverOptions;
import reactor.kafka.receiver.ReceiverRecord;

/**
 * Reactor Kafka, with the parallelism written by hand: each record in a virtual thread, and commits
 * deferred until all earlier records are acknowledged.
 */
final class ReactorKafka implements Arm {

  /** The order of the records. */
  enum Order {
    KEY,
    UNORDERED
  }

  private static final int LANES = 256;

  private final Order order;
  private @Nullable Disposable run;

  ReactorKafka(Order order) {
    this.order = order;
  }

  @Override
  public void start(Job job) {
    ReceiverOptions<String, byte[]> options =
        ReceiverOptions.<String, byte[]>create(job.properties())
            .subscription(List.of(job.topic()))
            .maxDeferredCommits(IN_FLIGHT);
    Scheduler threads = Schedulers.fromExecutorService(Executors.newVirtualThreadPerTaskExecutor());
    Flux<ReceiverRecord<String, byte[]>> records = KafkaReceiver.create(options).receive();
    Flux<?> handled =
        switch (order) {
          case UNORDERED -> records.flatMap(record -> handle(job, record, threads), IN_FLIGHT);
          case KEY ->
              records
                  .groupBy(record -> record.key().hashCode() & (LANES - 1), IN_FLIGHT)
                  .flatMap(lane -> lane.concatMap(one -> handle(job, one, threads)), LANES);
        };
    run = handled.subscribe();
  }

  private static Mono<Void> handle(
      Job job, ReceiverRecord<String, byte[]> record, Scheduler threads) {
    return Mono.<Void>fromCallable(
            () -> {
              job.work().handle(record);
              record.receiverOffset().acknowledge();
              return null;
            })
        .subscribeOn(threads);
  }

  @Override
  public void close() {
    Objects.requireNonNull(run).dispose();
  }
}
