package dev.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import kotlinx.coroutines.channels.Channel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Elements handed over between virtual threads; the score is the time per element (and hop).
 *
 * <p>An invocation starts its threads, hands over a fixed number of elements, and joins the
 * threads.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ChannelBenchmark {

  static final int ELEMENTS = 240_000;

  /** Which library. */
  @Param({"millrace", "kotlin", "jox", "synchronous", "transfer", "array", "linked"})
  public String peer = "millrace";

  /** The capacity in elements; 0 for a rendezvous. */
  @Param({"0", "16", "64", "128", "1024"})
  public int capacity;

  /** One sender, one receiver. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void oneToOne() throws InterruptedException {
    manyToMany(1);
  }

  /** Eight senders, eight receivers, one channel. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void eightToEight() throws InterruptedException {
    manyToMany(8);
  }

  private void manyToMany(int n) throws InterruptedException {
    if (peer.equals("kotlin")) {
      var channel = Coroutines.channel(capacity);
      kotlinPairs(n, () -> channel);
      return;
    }
    Conduit conduit = Conduit.of(peer, capacity);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      pair(conduit, ELEMENTS / n, threads);
    }
    Work.join(threads);
  }

  /** Elements through a chain of a thousand threads; the score is per hop. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void chain() throws InterruptedException {
    int length = 1000;
    int elements = ELEMENTS / length;
    if (peer.equals("kotlin")) {
      kotlinChain(length, elements);
      return;
    }
    List<Thread> threads = new ArrayList<>();
    Conduit first = Conduit.of(peer, capacity);
    threads.add(Work.start(() -> Work.send(first, elements)));
    Conduit in = first;
    for (int i = 1; i < length; i++) {
      Conduit from = in;
      Conduit to = Conduit.of(peer, capacity);
      threads.add(
          Work.start(
              () -> {
                for (int k = 0; k < elements; k++) {
                  to.send(from.receive());
                }
              }));
      in = to;
    }
    Conduit last = in;
    threads.add(Work.start(() -> Work.receive(last, elements)));
    Work.join(threads);
  }

  /** A thousand senders, each with its own channel and receiver. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void thousandPairs() throws InterruptedException {
    if (peer.equals("kotlin")) {
      kotlinPairs(1000, () -> Coroutines.channel(capacity));
      return;
    }
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      pair(Conduit.of(peer, capacity), ELEMENTS / 1000, threads);
    }
    Work.join(threads);
  }

  private static void kotlinPairs(int n, Supplier<Channel<Integer>> channels)
      throws InterruptedException {
    var done = new CountDownLatch(2 * n);
    for (int i = 0; i < n; i++) {
      Channel<Integer> channel = channels.get();
      Coroutines.sender(channel, ELEMENTS / n, done).start();
      Coroutines.receiver(channel, ELEMENTS / n, done).start();
    }
    done.await();
  }

  private void kotlinChain(int length, int elements) throws InterruptedException {
    var done = new CountDownLatch(length + 1);
    Channel<Integer> in = Coroutines.channel(capacity);
    Coroutines.sender(in, elements, done).start();
    for (int i = 1; i < length; i++) {
      Channel<Integer> to = Coroutines.channel(capacity);
      Coroutines.relay(in, to, elements, done).start();
      in = to;
    }
    Coroutines.receiver(in, elements, done).start();
    done.await();
  }

  private static void pair(Conduit conduit, int elements, List<Thread> threads) {
    threads.add(Work.start(() -> Work.send(conduit, elements)));
    threads.add(Work.start(() -> Work.receive(conduit, elements)));
  }
}
