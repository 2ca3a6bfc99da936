package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.management.ThreadMXBean;
import dev.millrace.context.Context;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelectTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  private static Channel<Integer> filled(int elements) {
    Channel<Integer> channel = Channel.unlimited();
    for (int i = 0; i < elements; i++) {
      channel.trySend(i);
    }
    return channel;
  }

  /**
   * The count of one clause is binomial with a standard deviation of 50: seven of them are exceeded
   * once in 4e11 runs.
   */
  @Test
  void readyClausesAreChosenWithTheSameProbability() throws Exception {
    var a = new AtomicInteger();
    var b = new AtomicInteger();
    var select =
        new Select<Integer>()
            .onReceive(filled(10_000), x -> a.incrementAndGet())
            .onReceive(filled(10_000), x -> b.incrementAndGet());
    for (int i = 0; i < 10_000; i++) {
      select.select();
    }
    assertThat(a.get()).isBetween(4650, 5350);
    assertThat(b.get()).isEqualTo(10_000 - a.get());
  }

  @Test
  void fourClausesOfWhichTwoAreReadyAreFairToo() throws Exception {
    var counts = new int[4];
    var select =
        new Select<Integer>()
            .onReceive(filled(10_000), x -> counts[0]++)
            .onReceive(filled(10_000), x -> counts[1]++)
            .onReceive(Channel.<Integer>never(), x -> counts[2]++)
            .onReceive(Channel.<Integer>never(), x -> counts[3]++);
    for (int i = 0; i < 10_000; i++) {
      select.select();
    }
    assertThat(counts[0]).isBetween(4650, 5350);
    assertThat(counts[2] + counts[3]).isZero();
  }

  @Test
  void biasedPrefersTheFirst() throws Exception {
    var select =
        new Select<String>()
            .onReceive(filled(100), x -> "a")
            .onReceive(filled(100), x -> "b")
            .biased();
    for (int i = 0; i < 100; i++) {
      assertThat(select.select()).isEqualTo("a");
    }
  }

  @Test
  void defaultRunsOnlyWhileNothingIsReady() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    var select = new Select<String>().onReceive(channel, x -> "value").onDefault(() -> "default");
    assertThat(select.select()).isEqualTo("default");
    channel.send(1);
    assertThat(select.select()).isEqualTo("value");
    channel.close();
    assertThatThrownBy(select::select).isInstanceOf(ChannelClosedException.class);
    var always = filled(10_000);
    var sure =
        new Select<String>()
            .onReceive(Channel.<Integer>rendezvous(), x -> "never")
            .onReceive(always, x -> "value")
            .onDefault(() -> "default");
    for (int i = 0; i < 10_000; i++) {
      assertThat(sure.select()).isEqualTo("value");
    }
  }

  @Test
  void sendsAndReceivesOnOneChannelInOneSelect() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    var select =
        new Select<String>()
            .onSend(channel, 7, () -> "sent")
            .onReceive(channel, x -> "received " + x);
    for (int i = 0; i < 1000; i++) {
      assertThat(select.select()).isEqualTo("sent");
      assertThat(select.select()).isEqualTo("received 7");
    }
  }

  @Test
  void selectsDoNotServeThemselves() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var select =
        new Select<String>()
            .onSend(channel, 1, () -> "sent")
            .onReceive(channel, x -> "received")
            .onReceive(channel, x -> "received again")
            .onTimeout(Duration.ofMillis(20), () -> "timeout");
    assertThat(select.select()).isEqualTo("timeout");
    assertThat(channel.waitingReceivers() + channel.waitingSenders()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4})
  void twoSelectsThatSendAndReceiveOnOneChannelExchangeEverything(int capacity) throws Exception {
    Channel<Integer> channel = Channel.buffered(capacity);
    int each = 20_000;
    var got = new AtomicInteger();
    List<Threads.Running<?>> running = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      running.add(
          threads.start(
              () -> {
                int[] sent = {0};
                var select =
                    new Select<Integer>()
                        .onSendFrom(channel, () -> sent[0], () -> sent[0]++)
                        .when(() -> sent[0] < each)
                        .onReceive(channel, x -> got.incrementAndGet())
                        .onTimeout(Duration.ofMillis(100), () -> -1);
                while (got.get() + channel.size() < 4 * each) {
                  select.select(); // a thread that is late still finds the others
                }
                return null;
              }));
    }
    for (var one : running) {
      one.get();
    }
    assertThat(got.get() + channel.size()).isEqualTo(4 * each);
  }

  @Test
  void closedIsReady() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var select =
        new Select<String>()
            .onReceive(channel, x -> "value", () -> "closed: " + channel.closeCause())
            .onReceive(Channel.<Integer>never(), x -> "never");
    var waiting = threads.start(select::select);
    await().until(() -> channel.waitingReceivers() == 1);
    channel.close();
    assertThat(waiting.get()).isEqualTo("closed: null");
    var send = new Select<String>().onSend(channel, 1, () -> "sent");
    assertThatThrownBy(send::select).isInstanceOf(ChannelClosedException.class);
  }

  @Test
  void guardsSwitchClausesOff() throws Exception {
    var open = new AtomicBoolean();
    var select =
        new Select<String>()
            .onReceive(filled(3), x -> "guarded")
            .when(open::get)
            .onReceive(filled(3), x -> "other");
    for (int i = 0; i < 3; i++) {
      assertThat(select.select()).isEqualTo("other");
    }
    open.set(true);
    assertThat(select.select()).isEqualTo("guarded");
  }

  @Test
  void selectThatCouldNeverEndIsRefused() {
    assertThatThrownBy(() -> new Select<String>().select())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () -> new Select<String>().onReceive(filled(1), x -> "").when(() -> false).select())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new Select<String>().when(() -> true))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void deadlineAndTimeoutEndTheWait() throws Exception {
    Channel<Integer> silent = Channel.rendezvous();
    assertThat(
            new Select<String>()
                .onReceive(silent, x -> "value")
                .onDeadline(Instant.now().plusMillis(20), () -> "deadline")
                .select())
        .isEqualTo("deadline");
    assertThat(new Select<String>().onTimeout(Duration.ZERO, () -> "timeout").select())
        .isEqualTo("timeout");
    assertThat(silent.waitingReceivers()).isZero();
  }

  @Test
  void contextDoneIsAClause() throws Exception {
    Channel<Integer> silent = Channel.rendezvous();
    try (var context = Context.background().withCancel()) {
      var waiting =
          threads.start(
              () ->
                  new Select<String>()
                      .onReceive(silent, x -> "value")
                      .onDone(context, () -> "done")
                      .select());
      await().until(() -> silent.waitingReceivers() == 1);
      context.cancel();
      assertThat(waiting.get()).isEqualTo("done");
      assertThat(silent.waitingReceivers()).isZero();
    }
  }

  @Test
  void interruptedSelectLeavesNothingBehind() throws Exception {
    Channel<Integer> a = Channel.rendezvous();
    Channel<Integer> b = Channel.rendezvous();
    var waiting =
        threads.start(
            () -> new Select<String>().onReceive(a, x -> "a").onSend(b, 1, () -> "b").select());
    await().until(() -> a.waitingReceivers() == 1 && b.waitingSenders() == 1);
    waiting.thread().interrupt();
    assertThatThrownBy(waiting::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(a.waitingReceivers() + b.waitingSenders()).isZero();
    assertThat(a.trySend(1)).isFalse();
    assertThat(b.tryReceive()).isNull();
  }

  @Test
  void supplierGivesTheElementOfEachTurnAndNullIsRefused() throws Exception {
    Channel<Integer> channel = Channel.unlimited();
    var next = new AtomicInteger();
    var select = new Select<String>().onSendFrom(channel, next::getAndIncrement, () -> "sent");
    for (int i = 0; i < 5; i++) {
      select.select();
    }
    channel.close();
    assertThat(channel).containsExactly(0, 1, 2, 3, 4);
    Channel<Integer> other = Channel.unlimited();
    @SuppressWarnings("NullAway") // passes null on purpose
    var bad = new Select<String>().onSendFrom(other, () -> null, () -> "sent");
    assertThatThrownBy(bad::select).isInstanceOf(NullPointerException.class);
  }

  @Test
  void whatAHandlerThrowsIsThrown() {
    var select =
        new Select<String>()
            .onReceive(
                filled(1),
                x -> {
                  throw new IllegalArgumentException("handler");
                });
    assertThatThrownBy(select::select).hasMessage("handler");
  }

  /** Selects that receive and send across the same channels in opposite orders. */
  @Test
  void crossingSelectsNeitherDeadlockNorLose() throws Exception {
    Channel<Integer> a = Channel.rendezvous();
    Channel<Integer> b = Channel.rendezvous();
    int turns = 100_000;
    var forth =
        threads.start(
            () -> {
              int[] counts = new int[2];
              var select =
                  new Select<Integer>()
                      .onSend(a, 1, () -> counts[0]++)
                      .onReceive(b, x -> counts[1]++);
              for (int i = 0; i < turns; i++) {
                select.select();
              }
              return counts;
            });
    var back =
        threads.start(
            () -> {
              int[] counts = new int[2];
              var select =
                  new Select<Integer>()
                      .onSend(b, 1, () -> counts[0]++)
                      .onReceive(a, x -> counts[1]++);
              for (int i = 0; i < turns; i++) {
                select.select();
              }
              return counts;
            });
    assertThat(forth.get()[0]).isEqualTo(back.get()[1]);
    assertThat(forth.get()[1]).isEqualTo(back.get()[0]);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16})
  void fourChannelsAndTenThreadsEachLoseNothing(int capacity) throws Exception {
    List<Channel<Integer>> channels = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      channels.add(Channel.buffered(capacity));
    }
    int each = 5_000;
    List<Threads.Running<?>> senders = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int sender = i;
      senders.add(
          threads.start(
              () -> {
                int[] next = {0};
                var select = new Select<Integer>();
                for (Channel<Integer> channel : channels) {
                  select.onSendFrom(channel, () -> sender * each + next[0], () -> next[0]++);
                }
                while (next[0] < each) {
                  select.select();
                }
                return null;
              }));
    }
    var seen = new BitSet();
    List<Threads.Running<?>> receivers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      receivers.add(
          threads.start(
              () -> {
                boolean[] open = {true};
                var select = new Select<Boolean>();
                for (Channel<Integer> channel : channels) {
                  select.onReceive(
                      channel,
                      x -> {
                        synchronized (seen) {
                          assertThat(seen.get(x)).isFalse();
                          seen.set(x);
                        }
                        return true;
                      },
                      () -> open[0] = false);
                }
                while (open[0]) {
                  select.select();
                }
                return null;
              }));
    }
    for (var sender : senders) {
      sender.get();
    }
    await().until(() -> channels.stream().allMatch(channel -> channel.size() == 0));
    channels.forEach(Channel::close);
    for (var receiver : receivers) {
      receiver.get();
    }
    assertThat(seen.cardinality()).isEqualTo(10 * each);
  }

  @Test
  void silentChannelsKeepNothingOfAMillionSelects() throws Exception {
    Channel<Integer> silent = Channel.rendezvous();
    var pump = filled(1_000_000);
    var select = new Select<Integer>().onReceive(silent, x -> x).onReceive(pump, x -> x);
    for (int i = 0; i < 1_000_000; i++) {
      select.select();
    }
    assertThat(silent.waitingReceivers()).isZero();
  }

  @Test
  void aTurnAllocatesNothing() throws Exception {
    Channel<Integer> a = Channel.buffered(1);
    var select =
        new Select<Integer>()
            .onReceive(a, x -> x)
            .onReceive(Channel.<Integer>rendezvous(), x -> x)
            .onTimeout(Duration.ofSeconds(1), () -> -1);
    var bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 20; round++) {
      long before = bean.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 10_000; i++) {
        a.send(1);
        select.select();
      }
      least = Math.min(least, bean.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).isLessThan(10_000);
  }

  /** A list that is copied for each clause would take 200 MB here. */
  @Test
  void buildingASelectOfManyClausesTakesMemoryForEachClauseOnce() {
    int n = 10_000;
    var bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Channel<Integer> channel = Channel.rendezvous();
    try (var context = Context.background().withCancel()) {
      var select = new Select<Integer>();
      long before = bean.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < n; i++) {
        select
            .onDone(context, () -> 1)
            .onReceive(channel, x -> x)
            .onSend(channel, 1, () -> 2)
            .when(() -> true);
      }
      assertThat(bean.getCurrentThreadAllocatedBytes() - before).isLessThan(n * 2_000L);
    }
  }
}
