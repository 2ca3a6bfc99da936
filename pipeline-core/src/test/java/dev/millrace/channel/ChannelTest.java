package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelTest {

  private static final Duration SHORT = Duration.ofMillis(20);

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 16, 1000})
  void elementsArriveOnceAndInOrder(int capacity) throws Exception {
    Channel<Integer> channel = Channel.buffered(capacity);
    threads.start(
        () -> {
          for (int i = 0; i < 100_000; i++) {
            channel.send(i);
          }
          channel.close();
          return null;
        });
    int expected = 0;
    for (int element : channel) {
      assertThat(element).isEqualTo(expected++);
    }
    assertThat(expected).isEqualTo(100_000);
  }

  @Test
  void sendOnRendezvousReturnsOnlyWhenTheElementWasTaken() throws Exception {
    Channel<String> channel = Channel.rendezvous();
    var sender =
        threads.start(
            () -> {
              channel.send("a");
              return "sent";
            });
    await().until(() -> channel.waitingSenders() == 1);
    assertThat(sender.result().isDone()).isFalse();
    assertThat(channel.receive()).isEqualTo("a");
    assertThat(sender.get()).isEqualTo("sent");
  }

  @Test
  void bufferedChannelTakesItsCapacityAndNoMore() {
    Channel<Integer> channel = Channel.buffered(3);
    assertThat(channel.trySend(1)).isTrue();
    assertThat(channel.trySend(2)).isTrue();
    assertThat(channel.trySend(3)).isTrue();
    assertThat(channel.trySend(4)).isFalse();
    assertThat(channel.size()).isEqualTo(3);
    assertThat(channel.capacity()).isEqualTo(3);
    assertThat(channel.tryReceive()).isEqualTo(1);
    assertThat(channel.trySend(4)).isTrue();
    assertThat(channel.tryReceive()).isEqualTo(2);
    assertThat(channel.tryReceive()).isEqualTo(3);
    assertThat(channel.tryReceive()).isEqualTo(4);
    assertThat(channel.tryReceive()).isNull();
  }

  @Test
  void unlimitedChannelNeverMakesSendersWait() throws Exception {
    Channel<Integer> channel = Channel.unlimited();
    for (int i = 0; i < 100_000; i++) {
      channel.send(i);
    }
    assertThat(channel.size()).isEqualTo(100_000);
    for (int i = 0; i < 100_000; i++) {
      assertThat(channel.tryReceive()).isEqualTo(i);
    }
  }

  @Test
  void fullChannelsDropAsTheyWereMadeTo() {
    Channel<Integer> newest = Channel.dropNewest(2);
    Channel<Integer> oldest = Channel.dropOldest(2);
    Channel<Integer> latest = Channel.conflated();
    for (int i = 1; i <= 5; i++) {
      assertThat(newest.trySend(i) && oldest.trySend(i) && latest.trySend(i)).isTrue();
    }
    newest.close();
    oldest.close();
    latest.close();
    assertThat(newest).containsExactly(1, 2);
    assertThat(oldest).containsExactly(4, 5);
    assertThat(latest).containsExactly(5);
    assertThat(newest.dropped()).isEqualTo(3);
    assertThat(oldest.dropped()).isEqualTo(3);
    assertThat(latest.dropped()).isEqualTo(4);
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void nullIsRefused() {
    Channel<String> channel = Channel.buffered(1);
    assertThatThrownBy(() -> channel.send(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> channel.trySend(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> channel.send(null, Context.background()))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  void badCapacityIsRefusedWithItsValue() {
    assertThatThrownBy(() -> Channel.buffered(-1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> Channel.dropOldest(0)).hasMessageContaining("0");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void sendOnClosedFailsAndReceiveDrainsFirst(int capacity) throws Exception {
    Channel<Integer> channel = Channel.buffered(capacity);
    for (int i = 0; i < capacity; i++) {
      channel.send(i);
    }
    channel.close();
    channel.close();
    assertThat(channel.isClosed()).isTrue();
    assertThatThrownBy(() -> channel.send(9)).isInstanceOf(ChannelClosedException.class);
    assertThatThrownBy(() -> channel.trySend(9)).isInstanceOf(ChannelClosedException.class);
    assertThatThrownBy(() -> channel.trySend(9, SHORT)).isInstanceOf(ChannelClosedException.class);
    for (int i = 0; i < capacity; i++) {
      assertThat(channel.receive()).isEqualTo(i);
    }
    assertThat(channel.receiveOrNull()).isNull();
    assertThatThrownBy(channel::receive).isInstanceOf(ChannelClosedException.class);
    assertThatThrownBy(channel::tryReceive).isInstanceOf(ChannelClosedException.class);
    assertThatThrownBy(() -> channel.tryReceive(SHORT)).isInstanceOf(ChannelClosedException.class);
  }

  @Test
  void closeWithCauseTellsReceiversAfterTheDrain() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    channel.send(1);
    var cause = new IOException("disk");
    channel.close(cause);
    channel.close(new IOException("too late"));
    assertThat(channel.receiveOrNull()).isEqualTo(1);
    assertThatThrownBy(channel::receiveOrNull)
        .isInstanceOf(ChannelClosedException.class)
        .hasCause(cause);
    assertThatThrownBy(() -> channel.iterator().hasNext()).hasCause(cause);
    assertThat(channel.closeCause()).isSameAs(cause);
  }

  @Test
  void closeWakesEveryoneWhoWaits() throws Exception {
    Channel<Integer> empty = Channel.rendezvous();
    Channel<Integer> full = Channel.buffered(1);
    full.send(0);
    List<Threads.Running<?>> waiting = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      waiting.add(threads.start(empty::receiveOrNull));
      waiting.add(
          threads.start(
              () -> {
                assertThatThrownBy(() -> full.send(1)).isInstanceOf(ChannelClosedException.class);
                return null;
              }));
    }
    await().until(() -> empty.waitingReceivers() == 2000 && full.waitingSenders() == 2000);
    empty.close();
    full.close();
    for (var one : waiting) {
      assertThat(one.get()).isNull();
    }
    assertThat(full).containsExactly(0);
    assertThat(empty.waitingReceivers() + full.waitingSenders()).isZero();
  }

  @Test
  void waitersAreServedFirstComeFirstServed() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    List<Threads.Running<Integer>> receivers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int waiting = i;
      await().until(() -> channel.waitingReceivers() == waiting);
      receivers.add(threads.start(channel::receive));
    }
    await().until(() -> channel.waitingReceivers() == 20);
    for (int i = 0; i < 20; i++) {
      channel.send(i);
    }
    for (int i = 0; i < 20; i++) {
      assertThat(receivers.get(i).get()).isEqualTo(i);
    }
  }

  @Test
  void neverChannelIsNeverReadyAndCannotBeClosed() throws Exception {
    ReceiveChannel<String> never = Channel.never();
    assertThat(never.tryReceive()).isNull();
    assertThat(never.tryReceive(SHORT)).isNull();
    assertThat(never).isNotInstanceOf(SendChannel.class);
  }

  @Test
  void timedOperationsGiveUpAndLeaveNothingBehind() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    assertThat(channel.tryReceive(SHORT)).isNull();
    assertThat(channel.trySend(1, SHORT)).isFalse();
    assertThat(channel.trySend(1, Duration.ZERO)).isFalse();
    assertThat(channel.tryReceive(Duration.ofSeconds(-1))).isNull();
    assertThat(channel.waitingReceivers() + channel.waitingSenders()).isZero();
    assertThat(channel.tryReceive()).isNull();
    var receiver = threads.start(() -> channel.tryReceive(Duration.ofSeconds(Long.MAX_VALUE)));
    channel.send(2);
    assertThat(receiver.get()).isEqualTo(2);
  }

  @Test
  void interruptEndsTheWaitAndLeavesNothingBehind() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var receiver = threads.start(channel::receive);
    await().until(() -> channel.waitingReceivers() == 1);
    receiver.thread().interrupt();
    assertThatThrownBy(receiver::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(channel.waitingReceivers()).isZero();
    assertThat(channel.trySend(1)).isFalse();
  }

  @Test
  void interruptedThreadDoesNotBegin() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> channel.send(1)).isInstanceOf(InterruptedException.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(channel::receive).isInstanceOf(InterruptedException.class);
    assertThat(channel.size()).isZero();
  }

  @Test
  void cancellationEndsTheWait() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var cause = new IOException("stop");
    try (var context = Context.background().withCancel()) {
      var receiver = threads.start(() -> channel.receive(context));
      var sender =
          threads.start(
              () -> {
                Channel.<Integer>rendezvous().send(1, context);
                return null;
              });
      await().until(() -> channel.waitingReceivers() == 1);
      context.cancel(cause);
      assertThatThrownBy(receiver::get)
          .isInstanceOf(ExecutionException.class)
          .cause()
          .isInstanceOf(CancellationException.class)
          .hasCause(cause);
      assertThatThrownBy(sender::get).cause().isInstanceOf(CancellationException.class);
      assertThat(channel.waitingReceivers()).isZero();
      assertThatThrownBy(() -> channel.receive(context)).isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void cancellableFormsTellClosedApart() throws Exception {
    try (var context = Context.background().withCancel()) {
      Channel<Integer> channel = Channel.rendezvous();
      var receiver = threads.start(() -> channel.receiveOrNull(context));
      Channel<Integer> full = Channel.rendezvous();
      var sender =
          threads.start(
              () -> {
                full.send(1, context);
                return null;
              });
      await().until(() -> channel.waitingReceivers() == 1 && full.waitingSenders() == 1);
      channel.close();
      full.close();
      assertThat(receiver.get()).isNull();
      assertThatThrownBy(sender::get).hasCauseInstanceOf(ChannelClosedException.class);
      assertThatThrownBy(() -> channel.receive(context)).isInstanceOf(ChannelClosedException.class);
    }
  }

  /** kotlinx.coroutines#1813, #1936, #4337: an element lost to a receiver that was cancelled. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 8})
  void cancelledReceiverNeverSwallowsAnElement(int capacity) throws Exception {
    int elements = 20_000;
    Channel<Integer> channel = Channel.buffered(capacity);
    var received = new BitSet();
    var sender =
        threads.start(
            () -> {
              for (int i = 0; i < elements; i++) {
                channel.send(i);
              }
              channel.close();
              return null;
            });
    boolean open = true;
    for (int round = 0; open; round++) {
      int kind = round % 3;
      try (var context = Context.background().withCancel()) {
        var receiver =
            threads.start(
                () ->
                    switch (kind) {
                      case 0 -> channel.receiveOrNull(context);
                      case 1 -> channel.receiveOrNull();
                      default -> channel.tryReceive(Duration.ofNanos(500));
                    });
        Thread.yield();
        if (kind == 0) {
          context.cancel();
        } else {
          receiver.thread().interrupt();
        }
        try {
          Integer element = receiver.get();
          if (element != null) {
            assertThat(received.get(element)).isFalse();
            received.set(element);
          }
        } catch (ExecutionException expected) {
          open = !(expected.getCause() instanceof ChannelClosedException);
        }
        open &= !(channel.isClosed() && channel.size() == 0);
      }
      if (round % 4 == 0) {
        for (int i = 0; i < 20; i++) {
          Integer element = takeIfAny(channel);
          if (element != null) {
            assertThat(received.get(element)).isFalse();
            received.set(element);
          }
        }
      }
    }
    sender.get();
    assertThat(received.cardinality()).isEqualTo(elements);
  }

  /** Null if there is no element now, and if there will be no more elements. */
  private static @Nullable Integer takeIfAny(Channel<Integer> channel) {
    try {
      return channel.tryReceive();
    } catch (ChannelClosedException e) {
      return null;
    }
  }

  @Test
  void manyConsumersGetEveryElementOnce() throws Exception {
    int elements = 271_828;
    for (int capacity : new int[] {0, 7, 64}) {
      Channel<Integer> channel = Channel.buffered(capacity);
      var sum = new AtomicLong();
      var count = new AtomicInteger();
      List<Threads.Running<?>> consumers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        consumers.add(
            threads.start(
                () -> {
                  for (Integer element; (element = channel.receiveOrNull()) != null; ) {
                    sum.addAndGet(element);
                    count.incrementAndGet();
                  }
                  return null;
                }));
      }
      for (int i = 0; i < elements; i++) {
        channel.send(i);
      }
      channel.close();
      for (var consumer : consumers) {
        consumer.get();
      }
      assertThat(count).hasValue(elements);
      assertThat(sum).hasValue((long) elements * (elements - 1) / 2);
    }
  }

  @Test
  void platformThreadsAndVirtualThreadsMeet() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var sum = new AtomicLong();
    List<Thread> platform = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      platform.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int element : channel) {
                      sum.addAndGet(element);
                    }
                  }));
    }
    List<Threads.Running<?>> senders = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      senders.add(
          threads.start(
              () -> {
                for (int k = 1; k <= 5000; k++) {
                  channel.send(k);
                }
                return null;
              }));
    }
    for (var sender : senders) {
      sender.get();
    }
    channel.close();
    for (Thread thread : platform) {
      thread.join();
    }
    assertThat(sum).hasValue(4L * 5000 * 5001 / 2);
  }

  @Test
  void primeSieve() throws Exception {
    Channel<Integer> numbers = Channel.rendezvous();
    threads.start(
        () -> {
          for (int i = 2; ; i++) {
            numbers.send(i);
          }
        });
    Channel<Integer> in = numbers;
    int prime = 0;
    for (int i = 0; i < 100; i++) {
      int divisor = in.receive();
      prime = divisor;
      Channel<Integer> from = in;
      Channel<Integer> to = Channel.rendezvous();
      threads.start(
          () -> {
            while (true) {
              int candidate = from.receive();
              if (candidate % divisor != 0) {
                to.send(candidate);
              }
            }
          });
      in = to;
    }
    assertThat(prime).isEqualTo(541);
  }

  @Test
  void chainOfHundredThousandThreadsTearsDown() throws Exception {
    Channel<Integer> first = Channel.rendezvous();
    Channel<Integer> in = first;
    for (int i = 0; i < 100_000; i++) {
      Channel<Integer> from = in;
      Channel<Integer> to = Channel.rendezvous();
      threads.start(
          () -> {
            to.send(from.receive() + 1);
            return null;
          });
      in = to;
    }
    first.send(0);
    assertThat(in.receive()).isEqualTo(100_000);
  }

  @Test
  void saysWhatStateItIsIn() {
    Channel<Integer> channel = Channel.buffered(2);
    channel.trySend(1);
    channel.close();
    assertThat(channel).hasToString("Channel[1 of 2, 0 senders and 0 receivers wait, closed]");
    assertThat(channel.named("orders"))
        .isSameAs(channel)
        .hasToString("Channel[orders: 1 of 2, 0 senders and 0 receivers wait, closed]");
    assertThat(Channel.unlimited())
        .hasToString("Channel[0 of unlimited, 0 senders and 0 receivers wait]");
  }
}
