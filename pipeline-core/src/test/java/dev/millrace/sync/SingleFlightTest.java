package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Threads;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SingleFlightTest {

  private static final Context.Key<String> USER = Context.Key.of("user");

  private final Threads threads = new Threads();
  private final SingleFlight<String, String> flights = new SingleFlight<>();
  private final Channel<String> answer = Channel.rendezvous();
  private final AtomicInteger executions = new AtomicInteger();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
    assertThat(flights.size()).isZero();
  }

  private String load() throws InterruptedException {
    executions.incrementAndGet();
    return answer.receive();
  }

  private Threads.Running<SingleFlight.Result<String>> caller(Context context) {
    return caller(context, this::load);
  }

  /** A caller that waits. */
  private Threads.Running<SingleFlight.Result<String>> caller(
      Context context, Callable<String> function) {
    var caller = threads.start(() -> flights.call("key", context, function));
    await().until(() -> caller.thread().getState() == Thread.State.WAITING);
    return caller;
  }

  @Test
  void tenCallersShareOneExecutionAndItsValue() throws Exception {
    List<Threads.Running<SingleFlight.Result<String>>> callers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      callers.add(caller(Context.background()));
    }
    answer.send("value");
    for (var caller : callers) {
      assertThat(caller.get()).isEqualTo(new SingleFlight.Result<>("value", true));
    }
    assertThat(executions).hasValue(1);
  }

  @Test
  void onlyCallerIsNotToldThatItShares() throws Exception {
    assertThat(flights.call("key", () -> "a")).isEqualTo(new SingleFlight.Result<>("a", false));
    assertThat(flights.call("key", () -> "b").value()).isEqualTo("b");
  }

  @Test
  void differentKeysDoNotWaitForEachOther() throws Exception {
    var waiting = caller(Context.background());
    assertThat(flights.call("other", () -> "other").shared()).isFalse();
    answer.send("value");
    assertThat(waiting.get().shared()).isFalse();
  }

  @Test
  void everyCallerGetsTheFailureInAnExceptionOfItsOwn() throws Exception {
    var failure = new IOException("down");
    Callable<String> fails =
        () -> {
          load();
          throw failure;
        };
    var first = caller(Context.background(), fails);
    var second = caller(Context.background(), fails);
    answer.send("go");
    var one = assertThatThrownBy(first::get).cause().isInstanceOf(ExecutionException.class);
    one.hasCause(failure).hasMessageContaining("key");
    assertThatThrownBy(second::get)
        .cause()
        .isInstanceOf(ExecutionException.class)
        .hasCause(failure);
    assertThat(failure.getSuppressed()).isEmpty();
    assertThat(flights.call("key", () -> "works").value()).isEqualTo("works");
  }

  @Test
  void errorsReachAllCallersAndLeaveNothingBehind() throws Exception {
    Callable<String> fails =
        () -> {
          load();
          throw new StackOverflowError("deep");
        };
    var first = caller(Context.background(), fails);
    var second = caller(Context.background(), fails);
    answer.send("go");
    assertThatThrownBy(first::get).rootCause().isInstanceOf(StackOverflowError.class);
    assertThatThrownBy(second::get).rootCause().isInstanceOf(StackOverflowError.class);
    assertThat(executions).hasValue(1);
  }

  @Test
  void forgottenExecutionGoesOnForItsCallersAndANewOneBegins() throws Exception {
    Channel<String> later = Channel.rendezvous();
    var first = caller(Context.background());
    flights.forget("key");
    var second = caller(Context.background(), later::receive);
    assertThat(flights.size()).isEqualTo(1);
    answer.send("old");
    assertThat(first.get()).isEqualTo(new SingleFlight.Result<>("old", false));
    var third = caller(Context.background(), later::receive);
    later.send("new");
    assertThat(second.get()).isEqualTo(new SingleFlight.Result<>("new", true));
    assertThat(third.get()).isEqualTo(new SingleFlight.Result<>("new", true));
  }

  @Test
  void callerThatLeavesDoesNotDisturbTheOthers() throws Exception {
    try (var context = Context.background().withCancel()) {
      var first = caller(context);
      var second = caller(Context.background());
      var third = caller(Context.background());
      context.cancel();
      assertThatThrownBy(first::get).hasCauseInstanceOf(CancellationException.class);
      second.thread().interrupt();
      assertThatThrownBy(second::get).hasCauseInstanceOf(InterruptedException.class);
      answer.send("value");
      assertThat(third.get()).isEqualTo(new SingleFlight.Result<>("value", true));
      assertThat(executions).hasValue(1);
    }
  }

  @Test
  void executionIsCancelledWhenNobodyWaitsForItAnyMore() throws Exception {
    var seen = new AtomicReference<Context>();
    var ended = Channel.<Throwable>unlimited();
    Callable<String> function =
        () -> {
          seen.set(Context.current());
          try {
            return load();
          } catch (InterruptedException e) {
            ended.send(e);
            throw e;
          }
        };
    try (CancellableContext one = Context.background().withCancel();
        CancellableContext two = Context.background().withCancel()) {
      var first = caller(one, function);
      var second = caller(two, function);
      one.cancel();
      assertThatThrownBy(first::get).hasCauseInstanceOf(CancellationException.class);
      Context context = Objects.requireNonNull(seen.get());
      assertThat(context.isCancelled()).isFalse();
      two.cancel();
      assertThatThrownBy(second::get).hasCauseInstanceOf(CancellationException.class);
      assertThat(ended.receive()).isInstanceOf(InterruptedException.class);
      assertThat(context.cause()).hasMessageContaining("no caller waits");
      assertThat(flights.call("key", () -> "next").value()).isEqualTo("next");
    }
  }

  /** Ignores interrupts. */
  private String stubborn() {
    int number = executions.incrementAndGet();
    while (true) {
      try {
        return number + answer.receive();
      } catch (InterruptedException e) {
        // goes on
      }
    }
  }

  private void abandon() {
    var caller = caller(Context.background(), this::stubborn);
    caller.thread().interrupt();
    assertThatThrownBy(caller::get).hasCauseInstanceOf(InterruptedException.class);
  }

  @Test
  void callWaitsForTheEndOfAnAbandonedExecutionAndThenBeginsItsOwn() throws Exception {
    abandon();
    var first = caller(Context.background(), () -> "next");
    var second = caller(Context.background(), () -> "not run");
    assertThat(executions).hasValue(1);
    assertThat(flights.size()).isEqualTo(1);
    answer.send("for nobody");
    assertThat(first.get()).isEqualTo(new SingleFlight.Result<>("next", true));
    assertThat(second.get()).isEqualTo(new SingleFlight.Result<>("next", true));
  }

  /** Callers with a timeout, one after the other, do not pile up executions that ignore it. */
  @Test
  void callersWithATimeoutDoNotLetAHerdThrough() throws Exception {
    abandon();
    for (int i = 0; i < 20; i++) {
      try (var context = Context.background().withTimeout(Duration.ofMillis(5))) {
        assertThatThrownBy(() -> flights.call("key", context, this::stubborn))
            .isInstanceOf(CancellationException.class);
      }
    }
    assertThat(executions).hasValue(1);
    answer.send("for nobody");
    await().until(() -> flights.size() == 0);
    assertThat(flights.call("key", () -> "fresh").value()).isEqualTo("fresh");
  }

  @Test
  void callThatWaitsForAnAbandonedExecutionCanBeInterrupted() throws Exception {
    abandon();
    var first = caller(Context.background(), () -> "first");
    var second = caller(Context.background(), () -> "second");
    first.thread().interrupt();
    assertThatThrownBy(first::get).hasCauseInstanceOf(InterruptedException.class);
    answer.send("for nobody");
    assertThat(second.get()).isEqualTo(new SingleFlight.Result<>("first", true));
  }

  @Test
  void forgetBeginsTheExecutionOfCallsThatWaitForAnAbandonedOne() throws Exception {
    abandon();
    var waiting = caller(Context.background(), () -> "now");
    flights.forget("key");
    assertThat(waiting.get().value()).isEqualTo("now");
    assertThat(flights.call("key", () -> "at once").value()).isEqualTo("at once");
    answer.send("for nobody");
  }

  @Test
  void overlappingCallsDoNotWaitForAnAbandonedExecution() throws Exception {
    SingleFlight<String, String> overlapping = SingleFlight.overlapping();
    var caller = threads.start(() -> overlapping.call("key", this::stubborn));
    await().until(() -> executions.get() == 1);
    caller.thread().interrupt();
    assertThatThrownBy(caller::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(overlapping.call("key", () -> "next"))
        .isEqualTo(new SingleFlight.Result<>("next", false));
    answer.send("for nobody");
  }

  @Test
  void failureTellsWhetherItIsShared() throws Exception {
    Callable<String> fails =
        () -> {
          load();
          throw new IOException("down");
        };
    var first = caller(Context.background(), fails);
    var second = caller(Context.background(), fails);
    answer.send("go");
    for (var caller : List.of(first, second)) {
      assertThatThrownBy(caller::get)
          .cause()
          .isInstanceOfSatisfying(
              SingleFlight.FailedException.class,
              e -> {
                assertThat(e.shared()).isTrue();
                assertThat(e.getSuppressed()).as("the site of the first call").hasSize(1);
              });
    }
    assertThatThrownBy(
            () ->
                flights.call(
                    "key",
                    () -> {
                      throw new IOException("alone");
                    }))
        .isInstanceOfSatisfying(
            SingleFlight.FailedException.class, e -> assertThat(e.shared()).isFalse());
  }

  @Test
  void executionHasTheValuesOfItsFirstCallerAndNotItsDeadline() throws Exception {
    try (var context = Context.background().withValue(USER, "ann").withCancel()) {
      String seen =
          flights
              .call(
                  "key",
                  context,
                  () -> Context.current().value(USER) + Context.current().deadline())
              .value();
      assertThat(seen).isEqualTo("annnull");
      assertThat(
              context
                  .call(
                      () ->
                          flights.call("key", () -> String.valueOf(Context.current().value(USER))))
                  .value())
          .isEqualTo("ann");
    }
  }

  @Test
  void callThatWouldWaitForItselfIsRefused() {
    assertThatThrownBy(() -> flights.call("key", () -> flights.call("key", () -> "x").value()))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("wait for its own caller");
  }

  @Test
  void callThatWouldWaitForItselfThroughOthersIsRefused() {
    assertThatThrownBy(
            () ->
                flights.call(
                    "key",
                    () -> {
                      try (var group = TaskGroup.open(Context.current())) {
                        var inner = group.fork(() -> flights.call("key", () -> "x").value());
                        group.join();
                        return inner.get();
                      }
                    }))
        .hasRootCauseInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () ->
                flights.call(
                    "a",
                    () -> flights.call("b", () -> flights.call("a", () -> "x").value()).value()))
        .hasRootCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void cancelledOrInterruptedCallerBeginsNothing() {
    try (var context = Context.background().withCancel()) {
      context.cancel();
      assertThatThrownBy(() -> flights.call("key", context, this::load))
          .isInstanceOf(CancellationException.class);
    }
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> flights.call("key", this::load))
        .isInstanceOf(InterruptedException.class);
    assertThat(executions).hasValue(0);
  }

  /** Values are never mixed up, and never come from an execution that had ended before the call. */
  @Test
  void manyThreadsAndKeysGetFreshValuesOfTheirKey() throws Exception {
    var counters = new AtomicInteger[4];
    for (int i = 0; i < counters.length; i++) {
      counters[i] = new AtomicInteger();
    }
    var numbers = new SingleFlight<Integer, Integer>();
    List<Threads.Running<?>> running = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      running.add(
          threads.start(
              () -> {
                for (int k = 0; k < 2_000; k++) {
                  int key = ThreadLocalRandom.current().nextInt(counters.length);
                  int before = counters[key].get();
                  int got =
                      numbers
                          .call(
                              key,
                              () -> {
                                Thread.yield();
                                return counters[key].addAndGet(counters.length) / 4 * 4 + key;
                              })
                          .value();
                  assertThat(got % 4).isEqualTo(key);
                  assertThat(got).isGreaterThanOrEqualTo(before / 4 * 4 + key);
                }
                return null;
              }));
    }
    for (var one : running) {
      one.get();
    }
    assertThat(numbers.size()).isZero();
  }
}
