package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Timer;
import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * Exactly one of a receiver and whoever stops the timer gets what it fires, or would have fired.
 */
public class TimerRaces {

  private TimerRaces() {}

  /** Fires about now: before, while and after the actors run. */
  private static Timer soon() {
    return Timer.after(Duration.ofNanos(100_000));
  }

  private static boolean received(Timer timer) {
    return timer.fired().tryReceive() != null;
  }

  /** A stop, and a receiver. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "both, or the value is lost")
  @State
  public static class StopAndReceive {
    private final Timer timer = soon();

    @Actor
    public void stopper(ZZ_Result result) {
      result.r1 = timer.stop();
    }

    @Actor
    public void receiver(ZZ_Result result) {
      result.r2 = received(timer);
    }
  }

  /** Two stops, and a receiver. */
  @JCStressTest
  @Outcome(
      id = {"true, false, false", "false, true, false", "false, false, true"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "more than one, or the value is lost")
  @State
  public static class TwoStopsAndReceive {
    private final Timer timer = soon();

    @Actor
    public void one(ZZZ_Result result) {
      result.r1 = timer.stop();
    }

    @Actor
    public void other(ZZZ_Result result) {
      result.r2 = timer.stop();
    }

    @Actor
    public void receiver(ZZZ_Result result) {
      result.r3 = received(timer);
    }
  }

  /** A timer that is set anew has nothing stale to give. */
  @JCStressTest
  @Outcome(
      id = {"true, false, false", "false, true, false"},
      expect = ACCEPTABLE,
      desc = "kept back, or received before")
  @Outcome(expect = FORBIDDEN, desc = "lost, or stale")
  @State
  public static class ResetAndReceive {
    private final Timer timer = soon();
    private boolean stale;

    @Actor
    public void resetter(ZZZ_Result result) {
      result.r1 = timer.reset(Duration.ofHours(1));
      stale = received(timer);
    }

    @Actor
    public void receiver(ZZZ_Result result) {
      result.r2 = received(timer);
    }

    @Arbiter
    public void stale(ZZZ_Result result) {
      result.r3 = stale | received(timer);
      timer.close();
    }
  }
}
