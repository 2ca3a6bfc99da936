package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OnceTest {

  private final Threads threads = new Threads();
  private final Channel<String> answer = Channel.rendezvous();
  private final AtomicInteger tries = new AtomicInteger();
  private final Once<String> once =
      new Once<>(
          () -> {
            tries.incrementAndGet();
            String result = answer.receive();
            if (result.startsWith("fail")) {
              throw new IOException(result);
            }
            if (result.startsWith("error")) {
              throw new StackOverflowError(result);
            }
            return result;
          });

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** A caller that waits. */
  private Threads.Running<String> caller() {
    var caller = threads.start(() -> once.get());
    await().until(() -> caller.thread().getState() == Thread.State.WAITING);
    return caller;
  }

  @Test
  void allCallersGetTheSameValueOfOneTry() throws Exception {
    List<Threads.Running<String>> callers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      callers.add(caller());
    }
    assertThat(once.isDone()).isFalse();
    var value = new String("value"); // a new object: the test compares identities
    answer.send(value);
    for (var caller : callers) {
      assertThat(caller.get()).isSameAs(value);
    }
    assertThat(once.get()).isSameAs(value);
    assertThat(once.isDone()).isTrue();
    assertThat(tries).hasValue(1);
  }

  @Test
  void failedTryIsToldToThoseWhoWaitedForItAndTheNextCallTriesAgain() throws Exception {
    for (String failure : List.of("fail", "error")) {
      var first = caller();
      var second = caller();
      answer.send(failure);
      assertThatThrownBy(first::get)
          .cause()
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseMessage(failure);
      assertThatThrownBy(second::get).hasRootCauseMessage(failure);
      assertThat(once.isDone()).isFalse();
    }
    assertThat(tries).hasValue(2);
    var third = caller();
    answer.send("value");
    assertThat(third.get()).isEqualTo("value");
    assertThat(tries).hasValue(3);
  }

  @Test
  void interruptOfTheOneThatTriesIsNotTheFailureOfThoseWhoWait() throws Exception {
    var first = caller();
    var second = caller();
    first.thread().interrupt();
    assertThatThrownBy(first::get).hasCauseInstanceOf(InterruptedException.class);
    answer.send("value");
    assertThat(second.get()).isEqualTo("value");
    assertThat(tries).hasValue(2);
  }

  @Test
  void cancellationOfTheOneThatTriesIsNotTheFailureOfThoseWhoWait() throws Exception {
    try (var context = Context.background().withCancel()) {
      var obeying = new Once<>(() -> answer.receive(Context.current()));
      var first = threads.start(() -> context.call(obeying::get));
      await().until(() -> answer.waitingReceivers() == 1);
      var second = threads.start(() -> obeying.get());
      await().until(() -> second.thread().getState() == Thread.State.WAITING);
      context.cancel();
      assertThatThrownBy(first::get).hasCauseInstanceOf(CancellationException.class);
      answer.send("value");
      assertThat(second.get()).isEqualTo("value");
    }
  }

  @Test
  void waitIsEndedByInterruptAndCancellationWithoutDisturbingTheTry() throws Exception {
    var first = caller();
    var second = caller();
    second.thread().interrupt();
    assertThatThrownBy(second::get).hasCauseInstanceOf(InterruptedException.class);
    try (var context = Context.background().withTimeout(Duration.ofMillis(5))) {
      assertThatThrownBy(() -> once.get(context)).isInstanceOf(CancellationException.class);
    }
    answer.send("value");
    assertThat(first.get()).isEqualTo("value");
    assertThat(tries).hasValue(1);
  }

  @Test
  void valueIsReturnedEvenToTheCancelledAndInterrupted() throws Exception {
    var ready = new Once<>(() -> "ready");
    ready.get();
    try (var context = Context.background().withCancel()) {
      context.cancel();
      Thread.currentThread().interrupt();
      assertThat(ready.get(context)).isEqualTo("ready");
      assertThat(Thread.interrupted()).isTrue();
      assertThatThrownBy(() -> once.get(context)).isInstanceOf(CancellationException.class);
    }
    Thread.currentThread().interrupt();
    assertThatThrownBy(once::get).isInstanceOf(InterruptedException.class);
    assertThat(tries).hasValue(0);
  }

  @Test
  void functionThatAsksForItsOwnValueIsToldSo() {
    var self = new AtomicReference<Once<String>>();
    self.set(new Once<>(() -> self.get().get()));
    assertThatThrownBy(() -> self.get().get())
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("wait for its own caller");
  }

  @Test
  void functionThatAsksForItsOwnValueInATaskIsToldSo() {
    var self = new AtomicReference<Once<String>>();
    self.set(
        new Once<>(
            () -> {
              try (var group = TaskGroup.open(Context.background())) {
                var task = group.fork(() -> self.get().get());
                group.join();
                return task.get();
              }
            }));
    assertThatThrownBy(() -> self.get().get()).hasRootCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  @SuppressWarnings({"NullAway", "UnnecessaryAsync"}) // the test sets the holder to null
  void functionIsNotKeptOnceThereIsAValue() throws Exception {
    var large = new AtomicReference<byte[]>(new byte[1_000_000]);
    var reference = new WeakReference<>(large.get());
    Once<Integer> once = sizeOf(large.getAndSet(null));
    assertThat(once.get()).isEqualTo(1_000_000);
    await()
        .until(
            () -> {
              System.gc();
              return reference.get() == null;
            });
    assertThat(once.get()).isEqualTo(1_000_000);
  }

  private static Once<Integer> sizeOf(byte[] bytes) {
    return new Once<>(() -> bytes.length);
  }

  @Test
  void racingCallersRunTheFunctionOnceEach() throws Exception {
    for (int round = 0; round < 500; round++) {
      var count = new AtomicInteger();
      var counting = new Once<>(count::incrementAndGet);
      List<Threads.Running<Integer>> callers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        callers.add(threads.start(() -> counting.get()));
      }
      for (var caller : callers) {
        assertThat(caller.get()).isEqualTo(1);
      }
    }
  }
}
