package dev.millrace.benchmarks;

import com.softwaremill.jox.SelectClause;
import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
 * One receiver selects over several channels, each with a sender of its own; the score is the time
 * per element.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(3)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class SelectBenchmark {

  static final int ELEMENTS = 240_000;

  /** Which library. */
  @Param({"millrace", "kotlin", "jox"})
  public String peer = "millrace";

  /** The capacity in elements; 0 for a rendezvous. */
  @Param({"0", "16"})
  public int capacity;

  /** The number of clauses. */
  @Param({"2", "4"})
  public int clauses = 2;

  /** Receives all elements of all channels. */
  @Benchmark
  @OperationsPerInvocation(ELEMENTS)
  public void select() throws InterruptedException {
    switch (peer) {
      case "millrace" -> millrace();
      case "jox" -> jox();
      case "kotlin" -> kotlin();
      default -> throw new IllegalArgumentException("no peer " + peer);
    }
  }

  private void millrace() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    var select = new Select<Integer>();
    for (int i = 0; i < clauses; i++) {
      Channel<Integer> channel = Channel.buffered(capacity);
      select.onReceive(channel, element -> element);
      threads.add(
          Work.start(
              () -> {
                for (int k = 0; k < ELEMENTS / clauses; k++) {
                  channel.send(k & 127);
                }
              }));
    }
    threads.add(
        Work.start(
            () -> {
              for (int i = 0; i < ELEMENTS; i++) {
                select.select();
              }
            }));
    Work.join(threads);
  }

  private void jox() throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    var channels = new ArrayList<com.softwaremill.jox.Channel<Integer>>();
    for (int i = 0; i < clauses; i++) {
      com.softwaremill.jox.Channel<Integer> channel =
          capacity == 0
              ? com.softwaremill.jox.Channel.newRendezvousChannel()
              : com.softwaremill.jox.Channel.newBufferedChannel(capacity);
      channels.add(channel);
      threads.add(
          Work.start(
              () -> {
                for (int k = 0; k < ELEMENTS / clauses; k++) {
                  channel.send(k & 127);
                }
              }));
    }
    threads.add(
        Work.start(
            () -> {
              @SuppressWarnings({"unchecked", "rawtypes"})
              SelectClause<Integer>[] selected = new SelectClause[clauses];
              for (int k = 0; k < clauses; k++) {
                selected[k] = channels.get(k).receiveClause();
              }
              for (int i = 0; i < ELEMENTS; i++) {
                com.softwaremill.jox.Select.select(selected);
              }
            }));
    Work.join(threads);
  }

  private void kotlin() throws InterruptedException {
    var done = new CountDownLatch(clauses + 1);
    var channels = new ArrayList<kotlinx.coroutines.channels.Channel<Integer>>();
    for (int i = 0; i < clauses; i++) {
      var channel = Coroutines.channel(capacity);
      channels.add(channel);
      Coroutines.sender(channel, ELEMENTS / clauses, done).start();
    }
    Coroutines.selector(channels, ELEMENTS, done).start();
    done.await();
  }
}
