package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases of Go's own select tests that {@link SelectTest} does not have. */
class GoSelectSuiteTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** Of 10,000 bits each of both values comes up about half of the time; see the odds there. */
  @Test
  void sendClausesGiveRandomBits() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    threads.start(
        () -> {
          var select =
              new Select<Integer>().onSend(channel, 0, () -> 0).onSend(channel, 1, () -> 1);
          for (int i = 0; i < 10_000; i++) {
            select.select();
          }
          channel.close();
          return null;
        });
    int ones = 0;
    for (int bit : channel) {
      ones += bit;
    }
    assertThat(ones).isBetween(4650, 5350);
  }

  @Test
  void biasedSelectNeverTakesTheSecondOfTwoThatAreReady() throws Exception {
    Channel<Integer> first = Channel.buffered(1);
    Channel<Integer> second = Channel.buffered(1);
    second.send(2);
    var select =
        new Select<Integer>()
            .onReceive(first, element -> element)
            .onReceive(second, element -> element)
            .biased();
    for (int i = 0; i < 10_000; i++) {
      first.send(1);
      assertThat(select.select()).isEqualTo(1);
    }
    assertThat(select.select()).isEqualTo(2);
  }

  /** One channel in four clauses, so in four places of its queue. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void channelInManyClausesGivesEachElementOnce(int capacity) throws Exception {
    Channel<Integer> channel = Channel.buffered(capacity);
    int[] counts = new int[4];
    var receiver =
        threads.start(
            () -> {
              var select = new Select<Integer>();
              for (int i = 0; i < counts.length; i++) {
                int clause = i;
                select.onReceive(
                    channel,
                    element -> {
                      counts[clause]++;
                      return element;
                    });
              }
              for (int i = 0; i < 20_000; i++) {
                assertThat(select.select()).isEqualTo(i);
              }
              return null;
            });
    for (int i = 0; i < 20_000; i++) {
      channel.send(i);
    }
    receiver.get();
    assertThat(counts[0] + counts[1] + counts[2] + counts[3]).isEqualTo(20_000);
    assertThat(channel.waitingReceivers()).isZero();
  }

  /**
   * Two threads, each of which selects between sending its number and receiving on one channel: no
   * thread receives its own number, because nothing is buffered.
   */
  @Test
  void selectDoesNotMeetItselfOnARendezvous() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var sent = new AtomicInteger();
    var received = new AtomicInteger();
    List<Threads.Running<?>> running = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int self = i;
      running.add(
          threads.start(
              () -> {
                var select =
                    new Select<Boolean>()
                        .onSend(
                            channel,
                            self,
                            () -> {
                              sent.incrementAndGet();
                              return true;
                            })
                        .onReceive(
                            channel,
                            element -> {
                              assertThat(element).isNotEqualTo(self);
                              received.incrementAndGet();
                              return true;
                            });
                for (int turn = 0; turn < 20_000; turn++) {
                  assertThat(select.select()).isTrue();
                }
                return null;
              }));
    }
    for (var one : running) {
      one.get();
    }
    assertThat(sent).hasValue(20_000);
    assertThat(received).hasValue(20_000);
  }

  /**
   * Four channels, each with a plain sender and a plain receiver. A select sends to all channels,
   * and another one receives from all.
   */
  @Test
  void plainOperationsAndSelectsShareFourChannels() throws Exception {
    int each = 10_000;
    int[] capacities = {0, 0, 2, 3};
    List<Channel<Integer>> channels = new ArrayList<>();
    List<Threads.Running<?>> running = new ArrayList<>();
    var received = new AtomicInteger();
    for (int capacity : capacities) {
      Channel<Integer> channel = Channel.buffered(capacity);
      channels.add(channel);
      running.add(
          threads.start(
              () -> {
                for (int i = 0; i < each; i++) {
                  channel.send(i);
                }
                return null;
              }));
      running.add(
          threads.start(
              () -> {
                for (int i = 0; i < each; i++) {
                  channel.receive();
                  received.incrementAndGet();
                }
                return null;
              }));
    }
    running.add(
        threads.start(
            () -> {
              int[] sent = new int[4];
              var select = new Select<Integer>();
              for (int i = 0; i < 4; i++) {
                int index = i;
                select
                    .onSend(channels.get(i), -1, () -> sent[index]++)
                    .when(() -> sent[index] < each);
              }
              for (int i = 0; i < 4 * each; i++) {
                select.select();
              }
              return null;
            }));
    running.add(
        threads.start(
            () -> {
              int[] taken = new int[4];
              var select = new Select<Integer>();
              for (int i = 0; i < 4; i++) {
                int index = i;
                select
                    .onReceive(channels.get(i), element -> taken[index]++)
                    .when(() -> taken[index] < each);
              }
              for (int i = 0; i < 4 * each; i++) {
                select.select();
                received.incrementAndGet();
              }
              return null;
            }));
    for (var one : running) {
      one.get();
    }
    assertThat(received).hasValue(8 * each);
    for (var channel : channels) {
      assertThat(channel.size()).isZero();
    }
  }

  /** One of the two channels is ready at any time, so the default clause must never run. */
  @Test
  void defaultNeverRunsThoughTheReadyChannelChanges() throws Exception {
    for (boolean closing : new boolean[] {false, true}) {
      for (int i = 0; i < 20_000; i++) {
        Channel<Integer> first = Channel.buffered(1);
        Channel<Integer> second = Channel.buffered(1);
        first.send(1);
        var selecting =
            threads.start(
                () ->
                    new Select<String>()
                        .onReceive(first, element -> "first")
                        .onReceive(second, element -> "second", () -> "second is closed")
                        .onDefault(() -> "default")
                        .select());
        if (closing) {
          second.close();
        } else {
          second.send(1);
        }
        first.tryReceive();
        assertThat(selecting.get()).isNotEqualTo("default");
      }
    }
  }

  /** Selects wait on two channels. One channel is closed while the other one gets elements. */
  @Test
  void closeThatRacesWithSelectsEndsAllAndLosesNothing() throws Exception {
    for (int round = 0; round < 500; round++) {
      Channel<Integer> work = Channel.buffered(round % 3);
      Channel<Integer> stop = Channel.rendezvous();
      List<Threads.Running<Integer>> receivers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        receivers.add(
            threads.start(
                () -> {
                  var select =
                      new Select<Boolean>()
                          .onReceive(work, element -> true)
                          .onReceive(stop, element -> true, () -> false);
                  int received = 0;
                  while (select.select()) {
                    received++;
                  }
                  return received;
                }));
      }
      int sent = 0;
      for (int i = 0; i < 20; i++) {
        if (work.trySend(i)) {
          sent++;
        }
      }
      stop.close();
      while (work.trySend(0)) {
        sent++;
      }
      int received = 0;
      for (var receiver : receivers) {
        received += receiver.get();
      }
      assertThat(received + work.size()).isEqualTo(sent);
      assertThat(work.waitingReceivers() + stop.waitingReceivers()).isZero();
    }
  }

  /** A guard that switches a clause off, and a channel that is never ready, keep nothing ready. */
  @Test
  void neverChannelInASelectWaitsWithItsNeighbour() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var selecting =
        threads.start(
            () ->
                new Select<String>()
                    .onReceive(Channel.<Integer>never(), element -> "never")
                    .onReceive(channel, element -> "element")
                    .select());
    await().until(() -> channel.waitingReceivers() == 1);
    assertThat(Channel.never().waitingReceivers()).isOne();
    channel.send(1);
    assertThat(selecting.get()).isEqualTo("element");
    assertThat(Channel.never().waitingReceivers()).isZero();
  }

  /**
   * Every second turn has to wait, in the silent channel's queue. With -Ptorture 10 million turns.
   */
  @Test
  void selectsOnASilentChannelKeepNothing() throws Exception {
    int turns = Integer.getInteger("torture.selects", 1_000_000);
    Channel<Integer> silent = Channel.rendezvous();
    Channel<Integer> busy = Channel.buffered(1);
    var select =
        new Select<Integer>()
            .onReceive(silent, element -> element)
            .onReceive(busy, element -> element)
            .onTimeout(Duration.ZERO, () -> -1);
    long before = Heap.used();
    for (int i = 0; i < turns; i += 2) {
      busy.send(i);
      assertThat((int) select.select()).isEqualTo(i);
      assertThat((int) select.select()).isEqualTo(-1);
    }
    assertThat(Heap.used() - before).as("bytes kept").isLessThan(4_000_000);
    assertThat(silent.waitingReceivers()).isZero();
  }
}
