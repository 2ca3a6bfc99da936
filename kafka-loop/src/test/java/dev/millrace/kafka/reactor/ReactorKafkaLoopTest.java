package dev.millrace.kafka.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Ordering;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.serialization.IntegerDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class ReactorKafkaLoopTest extends WithMockReceiver {

  private final AtomicInteger handled = new AtomicInteger();

  private Mono<Integer> count() {
    return Mono.fromCallable(handled::incrementAndGet);
  }

  @Test
  void blockHoundWouldCatchABlockingCall() {
    assertThatThrownBy(
            () ->
                Mono.fromCallable(
                        () -> {
                          Thread.sleep(1); // the canary
                          return "slept";
                        })
                    .subscribeOn(Schedulers.parallel())
                    .block())
        .hasRootCauseInstanceOf(BlockingOperationError.class);
  }

  @Test
  void everythingIsHandledAndCommitted() {
    assign(100, P0, P1);
    var loop = reactive().handler(record -> count()).build();
    var running = start(loop);
    await().until(() -> committed(P0) == 100 && committed(P1) == 100);
    drain(loop);
    running.verify();
    assertThat(handled).hasValue(200);
    assertThat(mock.closed()).isTrue();
    assertThat(loop.health().state()).isEqualTo(State.STOPPED);
  }

  @Test
  void handlersThatEndOnThreadsOfReactorBlockNoneOfThem() {
    assign(500, P0, P1);
    var loop =
        reactive()
            .concurrency(32)
            .handler(record -> Mono.delay(Duration.ofMillis(1)).then(count()))
            .build();
    var running = start(loop);
    await().until(() -> committed(P0) == 500 && committed(P1) == 500);
    drain(loop);
    running.verify();
    assertThat(errors).isEmpty();
  }

  @Test
  void handlersMayBlockWhenTheyAreSaidTo() {
    assign(100, P0, P1);
    var loop =
        reactive()
            .blockingHandler(
                record -> {
                  Thread.sleep(1); // the work
                  handled.incrementAndGet();
                })
            .build();
    var running = start(loop);
    await().until(() -> committed(P0) == 100 && committed(P1) == 100);
    drain(loop);
    running.verify();
  }

  @Test
  void concurrencyBoundsThePublishersThatHaveNotEnded() {
    assign(20, P0);
    List<Sinks.Empty<Void>> gates = Collections.synchronizedList(new ArrayList<>());
    var loop =
        reactive()
            .handler(
                record -> {
                  Sinks.Empty<Void> gate = Sinks.empty();
                  gates.add(gate);
                  return gate.asMono();
                })
            .build();
    var running = start(loop);
    await().until(() -> gates.size() == 4);
    gates.get(2).tryEmitEmpty();
    await().until(() -> gates.size() == 5);
    await().during(Duration.ofMillis(100)).until(() -> gates.size() == 5);
    assertThat(committed(P0)).isLessThanOrEqualTo(0); // the first record has not ended
    for (int i = 0; i < 20; i++) {
      int next = i;
      await().until(() -> gates.size() > next);
      gates.get(i).tryEmitEmpty();
    }
    await().until(() -> committed(P0) == 20);
    drain(loop);
    running.verify();
  }

  @Test
  void keysAreHandledOneAfterTheOther() {
    assign(50, P0);
    List<Long> order = Collections.synchronizedList(new ArrayList<>());
    var loop =
        reactive()
            .ordering(Ordering.KEY) // all records have the same key
            .handler(
                record ->
                    Mono.delay(Duration.ofMillis(1)).doOnNext(tick -> order.add(record.offset())))
            .build();
    var running = start(loop);
    await().until(() -> committed(P0) == 50);
    drain(loop);
    running.verify();
    assertThat(order).hasSize(50).isSorted();
  }

  @Test
  void contextOfTheSubscriberIsInFunctionsAndPublishers() {
    assign(1, P0);
    Context.Key<String> tenant = Context.Key.of("tenant");
    List<Object> seen = Collections.synchronizedList(new ArrayList<>());
    var loop =
        reactive()
            .handler(
                record -> {
                  seen.add(Objects.requireNonNull(Context.current().value(tenant)));
                  return Mono.deferContextual(
                      view -> {
                        seen.add(view.get("trace"));
                        seen.add(Objects.requireNonNull(view.get(Context.class).value(tenant)));
                        return Mono.empty();
                      });
                })
            .build();
    Context parent = Context.background().withValue(tenant, "acme");
    var running =
        StepVerifier.create(
                loop.run()
                    .contextWrite(view -> view.put("trace", "abc").put(Context.class, parent)))
            .expectComplete()
            .verifyLater();
    await().until(() -> committed(P0) == 1);
    drain(loop);
    running.verify();
    assertThat(seen).containsExactly("acme", "abc", "acme");
  }

  @Test
  void recordThatFailsIsRetriedThenADeadLetter() {
    assign(10, P0);
    List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
    var attempts = new AtomicInteger();
    var loop =
        reactive()
            .retry(3, Backoff.fixed(Duration.ofMillis(1)))
            .deadLetters(DeadLetters.skip(letters::add))
            .handler(
                record ->
                    record.offset() == 5
                        ? Mono.delay(Duration.ofMillis(1))
                            .then(
                                Mono.fromCallable(
                                    () -> {
                                      attempts.incrementAndGet();
                                      throw new IOException("poison");
                                    }))
                        : count())
            .build();
    var running = start(loop);
    await().until(() -> committed(P0) == 10);
    drain(loop);
    running.verify();
    assertThat(attempts).hasValue(3);
    assertThat(handled).hasValue(9);
    assertThat(errors).hasSize(3); // the last error says that the record becomes a dead letter
    assertThat(letters).hasSize(1);
    assertThat(letters.getFirst().attempts()).isEqualTo(3);
    assertThat(letters.getFirst().cause()).isInstanceOf(IOException.class);
  }

  @Test
  void recordThatCanNotBeDeserializedIsADeadLetter() {
    assign(3, P0);
    List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
    var loop =
        ReactorKafkaLoop.<String, Integer>builder()
            .properties(properties())
            .deserializers(new StringDeserializer(), new IntegerDeserializer())
            .topics("orders")
            .commitInterval(Duration.ofMillis(10))
            .factory(properties -> mock)
            .deadLetters(DeadLetters.skip(letters::add))
            .handler(record -> count())
            .build();
    var running = StepVerifier.create(loop.run()).expectComplete().verifyLater();
    await().until(() -> committed(P0) == 3);
    StepVerifier.create(loop.drained(Duration.ofSeconds(5))).verifyComplete();
    running.verify();
    assertThat(letters).hasSize(3).allMatch(one -> one.stage().equals(DeadLetter.DESERIALIZE));
    assertThat(letters.getFirst().cause()).isInstanceOf(RecordDeserializationException.class);
  }

  @Test
  void handlerThatFailsStopsTheLoopAndItsRecordIsNotCommitted() {
    assign(10, P0);
    var cause = new IOException("store");
    var loop =
        reactive()
            .concurrency(1)
            .handler(record -> record.offset() == 5 ? Mono.error(cause) : count())
            .build();
    StepVerifier.create(loop.run())
        .verifyErrorSatisfies(
            e -> assertThat(e).hasCause(cause).hasMessageContaining("orders-0 at offset 5"));
    assertThat(cause.getSuppressed()).isEmpty();
    assertThat(loop.health().reason()).contains("store");
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void functionThatThrowsOrReturnsNullIsAFailureOfItsRecord() {
    assign(3, P0);
    List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
    var loop =
        reactive()
            .deadLetters(DeadLetters.skip(letters::add))
            .handler(
                record -> {
                  if (record.offset() == 0) {
                    throw new IllegalStateException("here");
                  }
                  return record.offset() == 1 ? nothing() : count();
                })
            .build();
    var running = start(loop);
    await().until(() -> committed(P0) == 3);
    drain(loop);
    running.verify();
    assertThat(letters).hasSize(2);
  }

  @SuppressWarnings("NullAway") // returns null, as an application without null checks may
  private static Mono<Void> nothing() {
    return null;
  }

  @Test
  void cancelledSubscriptionCancelsHandlersAndCommitsWhatIsSettled() {
    assign(10, P0);
    var cancelled = new AtomicInteger();
    var loop =
        reactive()
            .commitInterval(Duration.ofHours(1))
            .handler(
                record ->
                    record.offset() < 3
                        ? count()
                        : Mono.never().doOnCancel(cancelled::incrementAndGet))
            .build();
    var subscription = loop.run().subscribe();
    await().until(() -> handled.get() == 3 && loop.partitions().getFirst().inFlight() == 4);
    subscription.dispose();
    drain(loop); // completes when the loop has ended
    assertThat(cancelled).hasValue(4);
    assertThat(mock.closed()).isTrue();
    assertThat(lastCommits).containsEntry(P0, 3L);
  }

  @Test
  void drainWaitsForHandlersAndEndsByItsDeadline() {
    assign(4, P0);
    Sinks.Empty<Void> gate = Sinks.empty();
    var loop =
        reactive()
            .handler(record -> record.offset() == 0 ? Mono.never() : gate.asMono().then(count()))
            .build();
    var running = start(loop);
    await()
        .until(() -> !loop.partitions().isEmpty() && loop.partitions().getFirst().inFlight() == 4);
    var draining =
        StepVerifier.create(loop.drained(Duration.ofMillis(300))).expectComplete().verifyLater();
    gate.tryEmitEmpty();
    draining.verify(Duration.ofSeconds(5));
    running.verify();
    assertThat(handled).hasValue(3);
  }

  @Test
  void cancelledContextInterruptsHandlersAndIsTheCause() throws Exception {
    assign(10, P0);
    var started = new CountDownLatch(4);
    var cancelled = new CountDownLatch(4);
    var loop =
        reactive()
            .handler(
                record ->
                    Mono.never()
                        .doOnSubscribe(s -> started.countDown())
                        .doOnCancel(cancelled::countDown))
            .build();
    try (var context = Context.background().withCancel()) {
      var running =
          new FutureTask<>(
              () -> {
                loop.run(context);
                return "ended";
              });
      Thread.ofVirtual().start(running);
      started.await();
      var cause = new IOException("stop");
      context.cancel(cause);
      assertThatThrownBy(running::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(CancellationException.class)
          .hasRootCause(cause);
      cancelled.await();
    }
  }

  @Test
  void pollThatFailsForGoodStopsTheLoopAndSaysWhy() {
    assign(1, P0);
    var error = new LinkageError("half a class path");
    mock.schedulePollTask(
        () -> {
          throw error;
        });
    var loop = reactive().handler(record -> count()).build();
    StepVerifier.create(loop.run()).verifyErrorSatisfies(e -> assertThat(e).isSameAs(error));
    assertThat(mock.closed()).isTrue();
  }

  /** Reactor logs an error with its stack trace for each failure that is dropped. */
  @Test
  void pollThatFailsIsReportedOnceAndNotByReactor() {
    List<Throwable> dropped = Collections.synchronizedList(new ArrayList<>());
    Hooks.onErrorDropped(dropped::add);
    try {
      for (int i = 0; i < 50; i++) {
        var consumer = new MockConsumer<byte[], byte[]>("earliest");
        var error = new SaslAuthenticationException("wrong password");
        consumer.setPollException(error);
        var loop = reactive(consumer, errors).handler(record -> count()).build();
        StepVerifier.create(loop.run()).verifyErrorSatisfies(e -> assertThat(e).isSameAs(error));
      }
    } finally {
      Hooks.resetOnErrorDropped();
    }
    assertThat(dropped).isEmpty();
  }

  @Test
  void fluxOfManyIsHandledWhenItCompletes() {
    assign(2, P0);
    var loop = reactive().handler(record -> Flux.range(0, 1000).concatWith(count())).build();
    var running = start(loop);
    await().until(() -> committed(P0) == 2);
    drain(loop);
    running.verify();
    assertThat(handled).hasValue(2);
  }

  @Test
  void seekGoesBack() {
    assign(10, P0);
    List<Long> offsets = Collections.synchronizedList(new ArrayList<>());
    var loop =
        reactive()
            .concurrency(1)
            .handler(record -> Mono.fromRunnable(() -> offsets.add(record.offset())))
            .build();
    var running = start(loop);
    await().until(() -> committed(P0) == 10);
    StepVerifier.create(loop.seek(P0, 8)).verifyComplete();
    mock.schedulePollTask(() -> add(P0, 8, 10));
    await().until(() -> offsets.size() == 12);
    assertThat(offsets.subList(10, 12)).containsExactly(8L, 9L);
    StepVerifier.create(loop.seek(P1, 0))
        .verifyErrorSatisfies(e -> assertThat(e).hasMessageContaining("orders-1"));
    drain(loop);
    running.verify();
    assertThat(Set.copyOf(offsets)).hasSize(10);
  }
}
