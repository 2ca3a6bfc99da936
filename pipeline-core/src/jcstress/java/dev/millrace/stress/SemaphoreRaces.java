package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.sync.Semaphore;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A weight is acquired or it is not, and what is released can be acquired again. */
public class SemaphoreRaces {

  private SemaphoreRaces() {}

  private static final int ACQUIRED = 1;

  private static int acquire(Semaphore semaphore, long weight, Context context) {
    return Codes.code(
        () -> {
          semaphore.acquire(weight, context);
          return ACQUIRED;
        });
  }

  private static Semaphore acquired(long capacity, long weight) {
    var semaphore = new Semaphore(capacity);
    semaphore.tryAcquire(weight);
    return semaphore;
  }

  /** What was written under the semaphore is seen by the next one to acquire it. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "one after the other")
  @Outcome(expect = FORBIDDEN, desc = "an increment is lost")
  @State
  public static class Exclusion {
    private final Semaphore semaphore = new Semaphore(1);
    private int plain;

    private void increment() {
      acquire(semaphore, 1, Context.background());
      plain++;
      semaphore.release();
    }

    @Actor
    public void one() {
      increment();
    }

    @Actor
    public void other() {
      increment();
    }

    @Arbiter
    public void count(I_Result result) {
      result.r1 = plain;
    }
  }

  /** Attempts at the last place. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "both, or none")
  @State
  public static class LastPlace {
    private final Semaphore semaphore = acquired(2, 1);

    @Actor
    public void one(ZZ_Result result) {
      result.r1 = semaphore.tryAcquire(1);
    }

    @Actor
    public void other(ZZ_Result result) {
      result.r2 = semaphore.tryAcquire(1);
    }
  }

  /** A release for a waiter that is cancelled. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "acquired")
  @Outcome(id = "-2, 0", expect = ACCEPTABLE, desc = "cancelled, nothing is held")
  @Outcome(expect = FORBIDDEN, desc = "a place is lost")
  @State
  public static class ReleaseAndCancel {
    private final Semaphore semaphore = acquired(1, 1);
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void acquirer(II_Result result) {
      result.r1 = acquire(semaphore, 1, context);
    }

    @Actor
    public void releaser() {
      semaphore.release();
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Arbiter
    public void held(II_Result result) {
      result.r2 = (int) semaphore.acquired();
    }
  }

  /** A large acquire that is cancelled lets the small one behind it through. */
  @JCStressTest
  @Outcome(id = "-2, 1, 2", expect = ACCEPTABLE, desc = "let through")
  @Outcome(expect = FORBIDDEN, desc = "a place is lost")
  @State
  public static class CancelledLetsThrough {
    private final Semaphore semaphore = acquired(2, 1);
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void large(III_Result result) {
      result.r1 = acquire(semaphore, 2, context);
    }

    @Actor
    public void small(III_Result result) {
      result.r2 = acquire(semaphore, 1, Context.background());
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Arbiter
    public void held(III_Result result) {
      result.r3 = (int) semaphore.acquired();
    }
  }

  /** A release for a waiter that is interrupted. */
  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "acquired, the interrupt is kept")
  @Outcome(id = "-2, 0, 0", expect = ACCEPTABLE, desc = "interrupted, nothing is held")
  @Outcome(expect = FORBIDDEN, desc = "a place or the interrupt is lost")
  @State
  public static class ReleaseAndInterrupt extends Interrupted.Victim {
    private final Semaphore semaphore = acquired(1, 1);

    @Actor
    public void acquirer(III_Result result) {
      result.r1 =
          run(
              () -> {
                semaphore.acquire(1);
                return ACQUIRED;
              });
      result.r2 = status();
    }

    @Actor
    public void releaser() {
      semaphore.release();
    }

    @Actor
    public void interrupter() {
      interrupt();
    }

    @Arbiter
    public void held(III_Result result) {
      result.r3 = (int) semaphore.acquired();
    }
  }
}
