package dev.millrace.stages.reactor;

import static dev.millrace.stages.reactor.Runs.numbers;
import static dev.millrace.stages.reactor.Runs.stop;
import static dev.millrace.stages.reactor.Runs.upTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Pipes as fluxes, publishers as sources, and their contexts. */
@Timeout(60)
class FluxesTest {

  private static final Context.Key<String> USER = Context.Key.of("user");
  private final IOException cause = new IOException("broken");

  @AfterEach
  void noThreadIsLeft() {
    await().untilAsserted(Leaks::check); // a cancelled flux does not wait for its run
  }

  // Out

  @Test
  void fluxEmitsWhatThePipeEmitsAtTheSubscribersPace() {
    var read = new AtomicInteger();
    Pipe<Integer> pipe = Pipe.from(Source.generate(read::incrementAndGet));
    StepVerifier.create(Fluxes.asFlux(pipe.map("id", x -> x)), 0)
        .expectSubscription()
        .thenRequest(3)
        .expectNext(1, 2, 3)
        .then(() -> await().until(() -> read.get() == 4))
        .expectNoEvent(Duration.ofMillis(30))
        .then(() -> assertThat(read).hasValue(4)) // one waits
        .thenRequest(2)
        .expectNext(4, 5)
        .thenCancel()
        .verify(Duration.ofSeconds(20));
  }

  @Test
  void fluxCompletesAndMayBeSubscribedToAgain() {
    Flux<Integer> flux = Fluxes.asFlux(numbers(1000).mapParallel("id", 4, x -> x));
    StepVerifier.create(flux).expectNextSequence(upTo(1000)).verifyComplete();
    StepVerifier.create(flux).expectNextCount(1000).verifyComplete();
  }

  @Test
  void firstFailureEndsTheFluxWithItsCause() {
    Flux<Integer> flux =
        Fluxes.asFlux(
            numbers(10)
                .map(
                    "fails",
                    x -> {
                      if (x == 3) {
                        throw cause;
                      }
                      return x;
                    }));
    StepVerifier.create(flux)
        .expectNext(1, 2)
        .verifyErrorSatisfies(e -> assertThat(e).isSameAs(cause));
  }

  @Test
  void handledFailuresDoNotEndTheFlux() {
    List<Failure<?>> failures = Collections.synchronizedList(new ArrayList<>());
    Flux<Integer> flux = Fluxes.asFlux(numbers(10).map("fails", x -> 10 / (x - 3)), failures::add);
    StepVerifier.create(flux).expectNextCount(9).verifyComplete();
    assertThat(failures).hasSize(1);
  }

  @Test
  void cancelOfTheFluxInterruptsTheFunctions() throws Exception {
    var running = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    var pipe =
        numbers(1)
            .mapParallel(
                "stuck",
                1,
                x -> {
                  return stop(x, running, interrupted);
                });
    var subscription = Fluxes.asFlux(pipe).subscribe();
    running.await();
    subscription.dispose();
    interrupted.await();
  }

  @Test
  void fluxOperatorsRunAfterThePipe() {
    Flux<Integer> flux =
        Fluxes.asFlux(numbers(10_000).mapParallelUnordered("id", 8, x -> x))
            .publishOn(Schedulers.parallel())
            .take(500);
    StepVerifier.create(flux).expectNextCount(500).verifyComplete();
  }

  @Test
  void wrongPipeIsRefusedWhenTheFluxIsMade() {
    Pipe<Integer> twice = numbers(1).map("same", x -> x).map("same", x -> x);
    assertThatThrownBy(() -> Fluxes.asFlux(twice)).isInstanceOf(IllegalArgumentException.class);
  }

  // In

  @Test
  void pipeReadsAPublisherWithoutBlockingItsThreads() throws Exception {
    Flux<Integer> flux = Flux.range(1, 100_000).publishOn(Schedulers.parallel());
    Pipe<Integer> pipe = Pipe.from(Fluxes.from(flux));
    assertThat(Runs.run(pipe.filter("half", x -> x % 2 == 0).to(Sink.count()))).isEqualTo(50_000);
  }

  @Test
  void pipeRequestsAFewElementsOfAPublisherAtATime() throws Exception {
    var outstanding = new AtomicLong();
    var most = new AtomicLong();
    Flux<Integer> flux =
        Flux.range(1, 1000)
            .doOnRequest(n -> most.accumulateAndGet(outstanding.addAndGet(n), Math::max))
            .doOnNext(x -> outstanding.decrementAndGet());
    assertThat(Runs.run(Pipe.from(Fluxes.from(flux)).to(Sink.toList()))).isEqualTo(upTo(1000));
    assertThat(most).hasValueLessThanOrEqualTo(16);
  }

  @Test
  void errorOfAPublisherStopsTheRun() throws Exception {
    Flux<Integer> flux = Flux.concat(Flux.range(1, 3), Flux.error(cause));
    var pipeline = Pipe.from(Fluxes.from(flux)).to(Sink.count());
    try (var run = pipeline.start(Runs.ENGINE, Context.background())) {
      assertThatThrownBy(run::join).isInstanceOf(ExecutionException.class).hasCause(cause);
      Runs.assertBalanced(run);
      assertThat(run.report().stage("source").emitted()).isEqualTo(3);
    }
  }

  @Test
  void endOfTheRunCancelsThePublisher() throws Exception {
    var cancelled = new AtomicBoolean();
    Flux<Long> flux = Flux.interval(Duration.ofMillis(1)).doOnCancel(() -> cancelled.set(true));
    var pipe = Pipe.from(Fluxes.from(flux.onBackpressureDrop())).take("three", 3);
    assertThat(Runs.run(pipe.to(Sink.toList()))).containsExactly(0L, 1L, 2L);
    assertThat(cancelled).isTrue();
  }

  @Test
  void drainEndsTheWaitForAPublisher() throws Exception {
    var requested = new CountDownLatch(1);
    var cancelled = new AtomicBoolean();
    Flux<Integer> silent =
        Flux.<Integer>never()
            .doOnRequest(n -> requested.countDown())
            .doOnCancel(() -> cancelled.set(true));
    try (var run =
        Pipe.from(Fluxes.from(silent)).to(Sink.count()).start(Runs.ENGINE, Context.background())) {
      requested.await();
      run.drain(Duration.ofSeconds(30));
      assertThat(run.join()).isZero();
      assertThat(cancelled).isTrue();
    }
  }

  @Test
  void cancelEndsTheWaitForAPublisher() {
    try (var run =
        Pipe.from(Fluxes.from(Flux.<Integer>never()))
            .to(Sink.count())
            .start(Runs.ENGINE, Context.background())) {
      run.cancel(cause);
      assertThatThrownBy(run::join).isInstanceOf(CancellationException.class).hasCause(cause);
    }
  }

  // Contexts

  @Test
  void valuesOfTheContextAreReadableInEveryFunction() throws Exception {
    Set<String> seen = ConcurrentHashMap.newKeySet();
    AtomicInteger left = new AtomicInteger(20);
    Pipe<Integer> pipe =
        Pipe.<Integer>from(
                Source.generate(() -> note(seen, "source", left.getAndDecrement()) > 0 ? 1 : null))
            .map("map", x -> note(seen, "map", x))
            .mapParallel("parallel", 2, x -> note(seen, "parallel", x))
            .map("after", x -> note(seen, "after", x))
            .mapKeyed("keyed", 2, x -> note(seen, "key", x), x -> note(seen, "keyed", x))
            .buffer("buffer", 2)
            .partitionBy(
                "partition",
                x -> note(seen, "partition", x),
                2,
                lane -> lane.map("lane", x -> note(seen, "lane", x)))
            .batch("batch", 2, Duration.ofHours(1))
            .flatMap("flat", x -> note(seen, "flat", x))
            .map(
                "fails",
                x -> {
                  throw new IOException("to the handler");
                });
    Context context = Context.background().withValue(USER, "ada");
    try (var run =
        pipe.to(Sink.forEach(x -> note(seen, "sink", x)))
            .start(Runs.ENGINE, context, failure -> note(seen, "handler", failure))) {
      run.join();
    }
    try (var run =
        numbers(1).to(Sink.forEach(x -> note(seen, "sink", x))).start(Runs.ENGINE, context)) {
      run.join();
    }
    assertThat(seen)
        .containsExactlyInAnyOrder(
            "source",
            "map",
            "parallel",
            "after",
            "key",
            "keyed",
            "partition",
            "lane",
            "flat",
            "handler",
            "sink");
  }

  private static <T> T note(Set<String> seen, String where, T element) {
    assertThat(Context.current().value(USER)).as(where).isEqualTo("ada");
    seen.add(where);
    return element;
  }

  @Test
  void subscribersReactorContextIsReadableInTheFunctions() {
    Pipe<String> pipe =
        numbers(1)
            .mapParallel(
                "read",
                1,
                x -> {
                  var carried = Context.current().value(Fluxes.REACTOR_CONTEXT);
                  return Objects.requireNonNull(carried).get("tenant");
                });
    StepVerifier.create(Fluxes.asFlux(pipe).contextWrite(c -> c.put("tenant", "acme")))
        .expectNext("acme")
        .verifyComplete();
  }

  @Test
  void contextInTheSubscribersReactorContextIsTheParentOfTheRuns() {
    try (var parent = Context.background().withValue(USER, "ada").withCancel()) {
      var pipe =
          Pipe.from(Source.generate(() -> Objects.requireNonNull(Context.current().value(USER))));
      StepVerifier.create(Fluxes.asFlux(pipe).contextWrite(c -> c.put(Context.class, parent)), 1)
          .expectNext("ada")
          .then(() -> parent.cancel(cause))
          .verifyErrorSatisfies(
              e -> assertThat(e).isInstanceOf(CancellationException.class).hasCause(cause));
    }
  }

  @Test
  void publisherFindsTheContextOfTheRun() throws Exception {
    Flux<String> flux =
        Flux.deferContextual(
            view -> Flux.just(Objects.requireNonNull(view.get(Context.class).value(USER))));
    var pipeline = Pipe.from(Fluxes.from(flux)).to(Sink.toList());
    Context context = Context.background().withValue(USER, "ada");
    try (var run = pipeline.start(Runs.ENGINE, context)) {
      assertThat(run.join()).containsExactly("ada");
    }
  }

  @Test
  void reactorContextGoesThroughAPipeToThePublisherThatItReads() {
    Flux<String> inner = Flux.deferContextual(view -> Flux.just(view.<String>get("tenant")));
    Flux<String> outer = Fluxes.asFlux(Pipe.from(Fluxes.from(inner)).mapParallel("id", 2, x -> x));
    StepVerifier.create(outer.contextWrite(c -> c.put("tenant", "acme")))
        .expectNext("acme")
        .verifyComplete();
  }

  @Test
  void errorThatComesAfterACancelIsNotSwallowed() throws Exception {
    var dropped = new AtomicReference<Throwable>();
    var running = new CountDownLatch(1);
    var pipe =
        numbers(1)
            .map(
                "fails",
                x -> {
                  running.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    throw new LinkageError("late");
                  }
                  return x;
                });
    var subscription =
        Fluxes.asFlux(pipe)
            .onErrorComplete()
            .contextWrite(
                c ->
                    c.put(
                        "reactor.onErrorDropped.local",
                        (java.util.function.Consumer<Throwable>) dropped::set))
            .subscribe();
    running.await();
    subscription.dispose();
    await()
        .untilAsserted(
            () -> assertThat(dropped.get()).isInstanceOf(LinkageError.class).hasMessage("late"));
  }
}
