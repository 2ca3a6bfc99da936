package dev.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * The JDK's own time to park a virtual thread and to unpark another one: the lower bound of each
 * hand-over to a waiting thread. Pairs of threads take turns, with a volatile field and nothing
 * else. The score is ns per turn.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ParkBenchmark {

  private static final int TURNS = 240_000;

  /** The number of pairs that take turns at the same time. */
  @Param({"1", "1000"})
  public int pairs;

  private static final class Pair {
    private final int turns;
    private final Thread even = Thread.ofVirtual().unstarted(() -> take(0));
    private final Thread odd = Thread.ofVirtual().unstarted(() -> take(1));
    private volatile int turn;

    Pair(int turns) {
      this.turns = turns;
    }

    void start() {
      odd.start();
      even.start();
    }

    private void take(int parity) {
      for (int mine = parity; mine < turns; mine += 2) {
        while (turn != mine) {
          LockSupport.park(this);
        }
        turn = mine + 1;
        LockSupport.unpark(parity == 0 ? odd : even);
      }
    }

    void join() throws InterruptedException {
      even.join();
      odd.join();
    }
  }

  /** All pairs together take {@value #TURNS} turns. */
  @Benchmark
  @OperationsPerInvocation(TURNS)
  public void takeTurns() throws InterruptedException {
    List<Pair> all = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      var pair = new Pair(TURNS / pairs);
      all.add(pair);
      pair.start();
    }
    for (Pair pair : all) {
      pair.join();
    }
  }
}
