package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.sync.ChannelLock;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** One at a time has the lock, and it is never lost. */
public class ChannelLockRaces {

  private ChannelLockRaces() {}

  private static final int LOCKED = 1;

  /** What was written under the lock is seen by the next one to have it. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "one after the other")
  @Outcome(expect = FORBIDDEN, desc = "an increment is lost")
  @State
  public static class Exclusion {
    private final ChannelLock lock = new ChannelLock();
    private int plain;

    private void increment() {
      Codes.code(
          () -> {
            lock.lock();
            plain++;
            lock.unlock();
            return LOCKED;
          });
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

  /** Two attempts. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "both, or none")
  @State
  public static class Attempts {
    private final ChannelLock lock = new ChannelLock();

    @Actor
    public void one(ZZ_Result result) {
      result.r1 = lock.tryLock();
    }

    @Actor
    public void other(ZZ_Result result) {
      result.r2 = lock.tryLock();
    }
  }

  /** An unlock for a waiter that is cancelled. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "locked")
  @Outcome(id = "-2, 0", expect = ACCEPTABLE, desc = "cancelled, and free")
  @Outcome(expect = FORBIDDEN, desc = "the lock is lost")
  @State
  public static class UnlockAndCancel {
    private final ChannelLock lock = new ChannelLock();
    private final CancellableContext context = Context.background().withCancel();

    public UnlockAndCancel() {
      lock.tryLock();
    }

    @Actor
    public void waiter(II_Result result) {
      result.r1 =
          Codes.code(
              () -> {
                lock.lock(context);
                return LOCKED;
              });
    }

    @Actor
    public void unlocker() {
      lock.unlock();
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Arbiter
    public void locked(II_Result result) {
      result.r2 = lock.isLocked() ? 1 : 0;
    }
  }
}
