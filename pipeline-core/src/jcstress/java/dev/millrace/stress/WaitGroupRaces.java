package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.sync.WaitGroup;
import java.util.concurrent.ExecutionException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** An await ends with the last done, and sees what came before each. */
public class WaitGroupRaces {

  private WaitGroupRaces() {}

  private static void await(WaitGroup group) {
    Codes.code(
        () -> {
          try {
            group.await();
          } catch (ExecutionException e) {
            throw new AssertionError(e);
          }
          return Codes.NOTHING;
        });
  }

  /** Two that count. */
  @JCStressTest
  @Outcome(id = "3", expect = ACCEPTABLE, desc = "all are counted")
  @Outcome(expect = FORBIDDEN, desc = "a count is lost")
  @State
  public static class Counting {
    private final WaitGroup group = new WaitGroup();

    @Actor
    public void one() {
      group.add(2);
      group.done();
    }

    @Actor
    public void other() {
      group.add(2);
    }

    @Arbiter
    public void count(I_Result result) {
      result.r1 = group.count();
    }
  }

  /** Two that are done, one after the other or at the same time. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "both are seen")
  @Outcome(expect = FORBIDDEN, desc = "the await came too early")
  @State
  public static class TwoDone {
    private final WaitGroup group = new WaitGroup();
    private int one;
    private int other;

    public TwoDone() {
      group.add(2);
    }

    @Actor
    public void one() {
      one = 1;
      group.done();
    }

    @Actor
    public void other() {
      other = 1;
      group.done();
    }

    @Actor
    public void waiter(II_Result result) {
      await(group);
      result.r1 = one;
      result.r2 = other;
    }
  }

  /** One more is added before the one that is under way is done. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "waited for both")
  @Outcome(expect = FORBIDDEN, desc = "did not wait for what was added")
  @State
  public static class AddBeforeDone {
    private final WaitGroup group = new WaitGroup();
    private volatile boolean added;
    private int plain;

    public AddBeforeDone() {
      group.add(1);
    }

    @Actor
    public void adder() {
      group.add(1);
      added = true;
      plain = 1;
      group.done();
    }

    @Actor
    public void first() {
      while (!added) {
        Thread.yield();
      }
      group.done();
    }

    @Actor
    public void waiter(I_Result result) {
      await(group);
      result.r1 = plain;
    }
  }

  /** Two waiters are woken by one that is done. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "both")
  @Outcome(expect = FORBIDDEN, desc = "one of them came too early")
  @State
  public static class TwoWaiters {
    private final WaitGroup group = new WaitGroup();
    private int plain;

    public TwoWaiters() {
      group.add(1);
    }

    @Actor
    public void one(II_Result result) {
      await(group);
      result.r1 = plain;
    }

    @Actor
    public void other(II_Result result) {
      await(group);
      result.r2 = plain;
    }

    @Actor
    public void done() {
      plain = 1;
      group.done();
    }
  }
}
