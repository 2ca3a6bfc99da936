package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZI_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** A context ends once, for one cause, and everyone who registered in time is told once. */
public class ContextRaces {

  private ContextRaces() {}

  private static final Throwable FIRST = new IllegalStateException("first");
  private static final Throwable SECOND = new IllegalStateException("second");

  /** The cause as a number; 3 for one that is none of ours. */
  private static int number(@Nullable Throwable cause) {
    return cause == null ? 0 : cause == FIRST ? 1 : cause == SECOND ? 2 : 3;
  }

  /** A function to be run by a context, and how often it was. */
  private static final class Function {
    private final CountDownLatch run = new CountDownLatch(1);
    private volatile int runs;

    @SuppressWarnings("NonAtomicVolatileUpdate") // a second run is what the test looks for
    void run() {
      runs++;
      run.countDown();
    }

    /** Waits for a run, if there must be one. */
    int runs(boolean expected) {
      try {
        if (expected && !run.await(5, TimeUnit.SECONDS)) {
          return 0;
        }
      } catch (InterruptedException e) {
        return -1;
      }
      return runs;
    }
  }

  /** A child that is made while its parent is cancelled. */
  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "cancelled")
  @Outcome(expect = FORBIDDEN, desc = "the child was not told")
  @State
  public static class ChildOfACancelledParent {
    private final CancellableContext parent = Context.background().withCancel();
    private @Nullable Context child;

    @Actor
    public void parent() {
      parent.cancel();
    }

    @Actor
    public void child() {
      child = parent.withCancel();
    }

    @Arbiter
    public void cancelled(Z_Result result) {
      result.r1 = child != null && child.isCancelled();
    }
  }

  /** A done channel that is asked for while the context is cancelled. */
  @JCStressTest
  @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "one channel, closed")
  @Outcome(expect = FORBIDDEN, desc = "two channels, or one that stays open")
  @State
  public static class DoneChannel {
    private final CancellableContext context = Context.background().withCancel();
    private @Nullable Object seen;

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Actor
    public void asker() {
      seen = context.done();
    }

    @Arbiter
    public void closed(ZZ_Result result) {
      result.r1 = seen == context.done();
      result.r2 = context.done().isClosed();
    }
  }

  /** Two cancels. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "2, 2"},
      expect = ACCEPTABLE,
      desc = "one cause")
  @Outcome(expect = FORBIDDEN, desc = "two causes, or none")
  @State
  public static class TwoCancels {
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void one(II_Result result) {
      context.cancel(FIRST);
      result.r1 = number(context.cause());
    }

    @Actor
    public void other(II_Result result) {
      context.cancel(SECOND);
      result.r2 = number(context.cause());
    }
  }

  /** A cancel and a deadline that is about to pass. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "3, 3"},
      expect = ACCEPTABLE,
      desc = "one cause")
  @Outcome(expect = FORBIDDEN, desc = "the cause changed, or there is none")
  @State
  public static class CancelAndDeadline {
    private final CancellableContext context =
        Context.background().withTimeout(Duration.ofNanos(200_000));

    @Actor
    public void canceller(II_Result result) {
      context.cancel(FIRST);
      result.r1 = number(context.cause());
    }

    @Actor
    public void waiter(II_Result result) {
      Codes.code(
          () -> {
            context.done().receiveOrNull();
            return Codes.NOTHING;
          });
      result.r2 = number(context.cause());
    }
  }

  /** What was written before the cancel is seen by whoever sees the cancel. */
  @JCStressTest
  @Outcome(
      id = {"-1, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "seen, if cancelled")
  @Outcome(expect = FORBIDDEN, desc = "cancelled, but the write is not seen")
  @State
  public static class CancelHappensBefore {
    private final CancellableContext context = Context.background().withCancel();
    private int plain;

    @Actor
    public void canceller() {
      plain = 1;
      context.cancel();
    }

    @Actor
    public void other(II_Result result) {
      result.r1 = context.isCancelled() ? plain : -1;
      Codes.code(
          () -> {
            context.done().receiveOrNull();
            return Codes.NOTHING;
          });
      result.r2 = plain;
    }
  }

  /** A function is called off, or it runs. */
  @JCStressTest
  @Outcome(
      id = {"true, 0", "false, 1"},
      expect = ACCEPTABLE,
      desc = "called off, or run once")
  @Outcome(expect = FORBIDDEN, desc = "both, neither, or run twice")
  @State
  public static class StopAndCancel {
    private final CancellableContext context = Context.background().withCancel();
    private final Function function = new Function();
    private final Context.Registration registration = context.afterFunc(function::run);

    @Actor
    public void stopper(ZI_Result result) {
      result.r1 = registration.stop();
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Arbiter
    public void runs(ZI_Result result) {
      result.r2 = function.runs(!result.r1);
    }
  }

  /** Two stops and a cancel: one of the three succeeds. */
  @JCStressTest
  @Outcome(
      id = {"true, false, 0", "false, true, 0", "false, false, 1"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "none, or more than one")
  @State
  public static class TwoStopsAndCancel {
    private final CancellableContext context = Context.background().withCancel();
    private final Function function = new Function();
    private final Context.Registration registration = context.afterFunc(function::run);

    @Actor
    public void one(ZZI_Result result) {
      result.r1 = registration.stop();
    }

    @Actor
    public void other(ZZI_Result result) {
      result.r2 = registration.stop();
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Arbiter
    public void runs(ZZI_Result result) {
      result.r3 = function.runs(!(result.r1 || result.r2));
    }
  }

  /** A function that is registered while the context is cancelled. */
  @JCStressTest
  @Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "run once")
  @Outcome(expect = FORBIDDEN, desc = "not run, run twice, or called off after it was run")
  @State
  public static class RegisterAndCancel {
    private final CancellableContext context = Context.background().withCancel();
    private final Function function = new Function();
    private Context.@Nullable Registration registration;

    @Actor
    public void registrar() {
      registration = context.afterFunc(function::run);
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Arbiter
    public void runs(ZI_Result result) {
      result.r2 = function.runs(true);
      result.r1 = registration == null || registration.stop();
    }
  }
}
