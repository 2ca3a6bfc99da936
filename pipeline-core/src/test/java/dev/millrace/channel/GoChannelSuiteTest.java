package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The cases of Go's own channel tests that {@link ChannelTest} does not have. */
class GoChannelSuiteTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /**
   * Each consumer multiplies its elements and hands them on; the sum of all products must be right.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 5, 64})
  void manyConsumersHandOnEveryProduct(int capacity) throws Exception {
    int elements = 271_828;
    int workers = 23;
    int[] factors = {2, 3, 7, 11, 13, 17, 19, 23, 27, 31};
    Channel<Integer> numbers = Channel.buffered(capacity);
    Channel<Long> products = Channel.buffered(capacity);
    List<Threads.Running<?>> running = new ArrayList<>();
    for (int w = 0; w < workers; w++) {
      int every = factors[w % factors.length];
      running.add(
          threads.start(
              () -> {
                for (Integer number; (number = numbers.receiveOrNull()) != null; ) {
                  if (number % every == 0) {
                    Thread.yield();
                  }
                  products.send((long) number * factors[number % factors.length]);
                }
                return null;
              }));
    }
    threads.start(
        () -> {
          for (int i = 0; i < elements; i++) {
            numbers.send(i);
          }
          numbers.close();
          for (var one : running) {
            one.get();
          }
          products.close();
          return null;
        });
    long expected = 0;
    for (int i = 0; i < elements; i++) {
      expected += (long) i * factors[i % factors.length];
    }
    long sum = 0;
    int count = 0;
    for (long product : products) {
      sum += product;
      count++;
    }
    assertThat(count).isEqualTo(elements);
    assertThat(sum).isEqualTo(expected);
  }

  /** A baton goes down a line of threads. Each thread may run only after the thread before it. */
  @Test
  void threadsThatHandOnABatonRunInTheOrderOfTheLine() throws Exception {
    List<Integer> order = new ArrayList<>();
    Channel<Integer> values = Channel.rendezvous();
    Channel<Boolean> first = Channel.buffered(1);
    Channel<Boolean> in = first;
    for (int i = 0; i < 1000; i++) {
      int expected = i;
      Channel<Boolean> from = in;
      Channel<Boolean> to = Channel.buffered(1);
      threads.start(
          () -> {
            from.receive();
            int value = values.receive();
            assertThat(value).isEqualTo(expected);
            order.add(value);
            to.send(true);
            return null;
          });
      in = to;
    }
    first.send(true);
    for (int i = 0; i < 1000; i++) {
      values.send(i);
    }
    in.receive();
    assertThat(order).isEqualTo(IntStream.range(0, 1000).boxed().toList());
  }

  /** e^x e^x = e^2x. */
  @Test
  void powerSeriesAreMultiplied() throws Exception {
    List<Rational> product = exponential().times(exponential()).next(10);
    long power = 1;
    long factorial = 1;
    for (int n = 0; n < 10; n++) {
      assertThat(product.get(n)).as("coefficient %d", n).isEqualTo(Rational.of(power, factorial));
      power *= 2;
      factorial *= n + 1;
    }
  }

  /** e^log(1+x) = 1 + x. */
  @Test
  void powerSeriesAreComposed() throws Exception {
    var logarithm =
        PowerSeries.of(threads, n -> n == 0 ? Rational.ZERO : Rational.of(n % 2 == 1 ? 1 : -1, n));
    List<Rational> composed = exponential().of(logarithm).next(7);
    for (int n = 0; n < 7; n++) {
      assertThat(composed.get(n)).as("coefficient %d", n).isEqualTo(Rational.of(n < 2 ? 1 : 0, 1));
    }
  }

  private PowerSeries exponential() {
    return PowerSeries.of(
        threads,
        n -> {
          long factorial = 1;
          for (int i = 2; i <= n; i++) {
            factorial *= i;
          }
          return Rational.of(1, factorial);
        });
  }

  /**
   * A receive that does not wait finds the element or the end, even if another thread closes the
   * channel meanwhile.
   */
  @Test
  void attemptedReceiveFindsTheElementThoughTheChannelIsBeingClosed() throws Exception {
    for (int i = 0; i < 20_000; i++) {
      Channel<Integer> channel = Channel.buffered(1);
      channel.send(i);
      var closer =
          threads.start(
              () -> {
                channel.close();
                return null;
              });
      assertThat(channel.tryReceive()).isEqualTo(i);
      closer.get();
    }
  }

  @Test
  void closeWhileManySendAndReceiveEndsAllAndLosesNothing() throws Exception {
    for (int round = 0; round < 200; round++) {
      Channel<Integer> channel = Channel.buffered(round % 4);
      List<Threads.Running<Integer>> senders = new ArrayList<>();
      List<Threads.Running<Integer>> receivers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        senders.add(
            threads.start(
                () -> {
                  int sent = 0;
                  try {
                    while (true) {
                      channel.send(sent);
                      sent++;
                    }
                  } catch (ChannelClosedException expected) {
                    return sent;
                  }
                }));
        receivers.add(
            threads.start(
                () -> {
                  int received = 0;
                  while (channel.receiveOrNull() != null) {
                    received++;
                  }
                  return received;
                }));
      }
      Thread.yield();
      channel.close();
      int balance = 0;
      for (int i = 0; i < 8; i++) {
        balance += senders.get(i).get() - receivers.get(i).get();
      }
      assertThat(balance).isZero();
    }
  }

  /** Waits are given up in batches: by a timeout, by a select's timeout, and by a context. */
  @Test
  void millionWaitersThatGaveUpLeaveNothingBehind() throws Exception {
    Channel<Integer> silent = Channel.rendezvous();
    Channel<Integer> full = Channel.buffered(1);
    full.send(0);
    giveUp(silent, full, 1000, 1); // warm-up
    long before = Heap.used();
    giveUp(silent, full, 400_000, 100);
    assertThat(silent.waitingReceivers() + silent.waitingSenders()).isZero();
    assertThat(full.waitingReceivers() + full.waitingSenders()).isZero();
    assertThat(Heap.used() - before).as("bytes kept").isLessThan(4_000_000);
    assertThat(full.tryReceive()).isZero();
    assertThat(full.tryReceive()).isNull();
    assertThat(silent.trySend(1)).isFalse();
  }

  private void giveUp(Channel<Integer> silent, Channel<Integer> full, int times, int batches)
      throws Exception {
    var select =
        new Select<Integer>()
            .onReceive(silent, element -> element)
            .onSend(full, 1, () -> 1)
            .onTimeout(Duration.ZERO, () -> 0);
    for (int i = 0; i < times; i++) {
      assertThat(silent.tryReceive(Duration.ZERO)).isNull();
      assertThat(select.select()).isZero();
    }
    int each = 1000;
    for (int batch = 0; batch < batches; batch++) {
      try (var context = Context.background().withCancel()) {
        var waiting = new Threads();
        List<Threads.Running<?>> running = new ArrayList<>();
        for (int i = 0; i < each; i++) {
          running.add(waiting.start(() -> silent.receive(context)));
          running.add(
              waiting.start(
                  () -> {
                    full.send(1, context);
                    return null;
                  }));
        }
        await()
            .pollInterval(Duration.ofMillis(1))
            .until(() -> silent.waitingReceivers() == each && full.waitingSenders() == each);
        context.cancel();
        for (var one : running) {
          assertThatThrownBy(one::get).hasCauseInstanceOf(CancellationException.class);
        }
        waiting.close();
      }
    }
  }
}
