package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.sync.ChannelLock;
import dev.millrace.sync.Generator;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** After a thread has seen a context cancelled, no operation with that context happens. */
class CancelledOperationsTest {

  private static final String CANCELLED = "cancelled";

  /** An operation that waits, and obeys the context. */
  enum Waiting {
    RECEIVE(true) {
      @Override
      String run(Channel<String> channel, Context context) throws InterruptedException {
        return channel.receive(context);
      }
    },
    RECEIVE_OR_NULL(true) {
      @Override
      String run(Channel<String> channel, Context context) throws InterruptedException {
        return String.valueOf(channel.receiveOrNull(context));
      }
    },
    SELECTED_RECEIVE(true) {
      @Override
      String run(Channel<String> channel, Context context) throws InterruptedException {
        return new Select<String>()
            .onReceive(channel, element -> element)
            .onDone(Context.background().withCancel(), () -> "the other context")
            .onDone(context, () -> CANCELLED)
            .select();
      }
    },
    SEND(false) {
      @Override
      String run(Channel<String> channel, Context context) throws InterruptedException {
        channel.send("element", context);
        return "sent";
      }
    },
    SELECTED_SEND(false) {
      @Override
      String run(Channel<String> channel, Context context) throws InterruptedException {
        return new Select<String>()
            .onSend(channel, "element", () -> "sent")
            .onDone(context, () -> CANCELLED)
            .select();
      }
    };

    private final boolean receives;

    Waiting(boolean receives) {
      this.receives = receives;
    }

    abstract String run(Channel<String> channel, Context context) throws InterruptedException;

    /** The action of another party; returns whether it has met this operation. */
    boolean meets(Channel<String> channel) {
      return receives ? channel.trySend("late") : channel.tryReceive() != null;
    }
  }

  /**
   * A listener of the parent sees the child cancelled, while the child's done channel is still
   * open. A thread that looks at the right moment sees the same.
   */
  @ParameterizedTest
  @EnumSource
  @SuppressWarnings("NullAway") // null: the party did not see the cancel in time
  void waitingOperationIsNotMetByAPartyThatHasSeenTheCancel(Waiting waiting) throws Exception {
    try (var threads = new Threads();
        var parent = Context.background().withCancel();
        var child = parent.withCancel()) {
      Channel<String> channel = Channel.rendezvous();
      var met = new AtomicReference<Boolean>();
      CancelSource.listen(
          parent, () -> met.set(child.isCancelled() ? waiting.meets(channel) : null));
      Callable<String> operation = () -> waiting.run(channel, child);
      var running = threads.start(operation);
      await().until(() -> channel.waitingReceivers() + channel.waitingSenders() == 1);
      parent.cancel();
      assertThat(met).hasValue(false);
      try {
        assertThat(running.get()).isEqualTo(CANCELLED);
      } catch (ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(CancellationException.class);
      }
    }
  }

  /** The same with racing threads. */
  @ParameterizedTest
  @EnumSource
  void noRaceLetsAnOperationHappenAfterTheCancelWasSeen(Waiting waiting) throws Exception {
    for (int round = 0; round < 100; round++) {
      try (var threads = new Threads();
          var context = Context.background().withCancel()) {
        Channel<String> channel = Channel.rendezvous();
        var begun = new CountDownLatch(2);
        threads.start(
            () -> {
              begun.countDown();
              return waiting.run(channel, context);
            });
        var observer =
            threads.start(
                () -> {
                  begun.countDown();
                  while (!context.isCancelled()) {
                    Thread.onSpinWait();
                    Thread.yield();
                  }
                  return waiting.meets(channel);
                });
        begun.await();
        context.cancel();
        assertThat(observer.get()).isFalse();
      }
    }
  }

  /** Always, and not by chance as among other clauses. */
  @Test
  void doneClauseGoesBeforeAllThatAreReady() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    channel.send(1);
    try (var context = Context.background().withCancel()) {
      var select =
          new Select<String>()
              .onReceive(channel, element -> "received")
              .onSend(Channel.<Integer>unlimited(), 1, () -> "sent")
              .onDone(context, () -> CANCELLED);
      context.cancel();
      for (int i = 0; i < 100; i++) {
        assertThat(select.select()).isEqualTo(CANCELLED);
      }
      assertThat(select.when(() -> false).select()).isNotEqualTo(CANCELLED);
    }
  }

  @Test
  void doneChannelCannotBeClosedNorSentToByACast() {
    try (var context = Context.background().withCancel()) {
      for (Object done : new Object[] {context.done(), Channel.never()}) {
        assertThat(done).isNotInstanceOf(SendChannel.class);
      }
      assertThat(context.done()).isSameAs(context.done());
    }
  }

  /** The channels that the library sends to itself. */
  @Test
  void channelOfTheLibraryCannotBeClosedNorSentToByACast() {
    var lock = new ChannelLock();
    try (var generator = Generator.open(Context.background(), out -> {});
        var timer = Timer.stopped();
        var ticker = Ticker.every(Duration.ofHours(1));
        var context = Context.background().withCancel()) {
      Schedule hourly = Schedule.every(Instant.EPOCH, Duration.ofHours(1));
      assertThat(
              Stream.of(
                  lock.token(),
                  generator.channel(),
                  timer.fired(),
                  ticker.ticks(),
                  hourly.ticks(context),
                  Channels.from(new CompletableFuture<Integer>())))
          .allSatisfy(channel -> assertThat(channel).isNotInstanceOf(SendChannel.class));
    }
  }

  @Test
  void viewThatOnlyReceivesIsTheSameChannel() throws Exception {
    Channel<String> channel = Channel.buffered(3);
    ReceiveChannel<String> view = channel.receiveOnly();
    channel.send("a");
    channel.send("b");
    channel.send("c");
    assertThat(view).isNotInstanceOf(SendChannel.class).hasToString(channel.toString());
    assertThat(view.size()).isEqualTo(3);
    assertThat(view.receive()).isEqualTo("a");
    assertThat(new Select<String>().onReceive(view, element -> element).select()).isEqualTo("b");
    channel.close();
    assertThat(view.isClosed()).isTrue();
    assertThat(view).containsExactly("c");
  }

  @Test
  @SuppressWarnings("NullAway") // as a caller without NullAway may do
  void refusedClauseIsNamedAndLeavesTheSelectAsItWas() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    channel.send(1);
    var select = new Select<Integer>().onReceive(channel, element -> element);
    assertThatThrownBy(() -> select.onReceive(null, element -> 0)).hasMessage("channel");
    assertThatThrownBy(() -> select.onReceive(channel, null)).hasMessage("handler");
    assertThatThrownBy(() -> select.onSend(null, 1, () -> 0)).hasMessage("channel");
    assertThatThrownBy(() -> select.onSend(channel, 1, null)).hasMessage("action");
    assertThatThrownBy(() -> select.onDone(null, () -> 0)).hasMessage("cancellation");
    assertThatThrownBy(() -> select.onTimeout(null, () -> 0)).hasMessage("timeout");
    assertThatThrownBy(() -> select.onDeadline(null, () -> 0)).hasMessage("deadline");
    assertThatThrownBy(() -> select.when(null)).hasMessage("guard");
    assertThat(select.select()).isEqualTo(1);
  }
}
