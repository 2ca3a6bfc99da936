package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Channels as signals: an element for one, a close for all. */
class SignalTest {

  private static final String TOKEN = "token";

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** Each thread of the ring waits for the token, does its turn, and hands it to the next one. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 100})
  void ringOfThreadsTakesTurnsInOrder(int size) throws Exception {
    int rounds = 50;
    List<Integer> turns = new ArrayList<>(); // unguarded: the token orders the threads
    List<Channel<String>> ring = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      ring.add(Channel.buffered(1));
    }
    List<Threads.Running<Integer>> running = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      int label = i;
      running.add(
          threads.start(
              () -> {
                for (int round = 0; round < rounds; round++) {
                  String token = ring.get(label).receive();
                  turns.add(label);
                  ring.get((label + 1) % size).send(token);
                }
                return label;
              }));
    }
    ring.getFirst().send(TOKEN);
    for (var one : running) {
      one.get();
    }
    assertThat(turns)
        .isEqualTo(IntStream.range(0, size * rounds).mapToObj(turn -> turn % size).toList());
    assertThat(ring.getFirst().tryReceive()).as("the token is still there").isEqualTo(TOKEN);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1000})
  void closeReachesEveryoneAndThoseWhoComeLater(int waiters) throws Exception {
    Channel<Void> start = Channel.rendezvous();
    int[] published = new int[1]; // a plain array: the close publishes it
    List<Threads.Running<Integer>> running = new ArrayList<>();
    for (int i = 0; i < waiters; i++) {
      running.add(
          threads.start(
              () -> {
                start.receiveOrNull();
                return published[0];
              }));
    }
    await().until(() -> start.waitingReceivers() == waiters);
    published[0] = 42;
    start.close();
    for (var one : running) {
      assertThat(one.get()).isEqualTo(42);
    }
    assertThat(start.receiveOrNull()).isNull();
  }
}
