package dev.millrace.stages.internal.wait;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Threads wait at a signal while others make their conditions true, with release writes only. */
public class SignalRaces {

  private SignalRaces() {}

  /** No actor takes this long to signal: a wait that lasts this long was not woken. */
  private static final long LONG_NANOS = 10_000_000_000L;

  /** Waits until there is that much; returns how much there is, or -1 if the wake-up was lost. */
  private static int await(Signal signal, int enough, IntSupplier work) {
    long deadline = System.nanoTime() + LONG_NANOS;
    boolean held =
        signal.awaitUntil(
            deadline, WaitStrategy.PARK, () -> work.getAsInt() >= enough, interrupted -> {});
    return held && System.nanoTime() - deadline < 0 ? work.getAsInt() : -1;
  }

  /** One thread signals. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the condition or the waiting thread was seen")
  @Outcome(expect = FORBIDDEN, desc = "a wake-up is lost")
  @State
  public static class OneSignals {
    private final Signal signal = new Signal();
    private final AtomicInteger work = new AtomicInteger();

    @Actor
    public void waiting(I_Result result) {
      result.r1 = await(signal, 1, work::getAcquire);
    }

    @Actor
    public void signalling() {
      work.setRelease(1);
      signal.signal();
    }
  }

  /** Two conditions, two signallers: one may find that the other takes the waiting thread. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "both conditions were seen")
  @Outcome(expect = FORBIDDEN, desc = "a wake-up is lost")
  @State
  public static class TwoSignal {
    private final Signal signal = new Signal();
    private final AtomicInteger one = new AtomicInteger();
    private final AtomicInteger other = new AtomicInteger();

    @Actor
    public void waiting(I_Result result) {
      result.r1 = await(signal, 2, () -> one.getAcquire() + other.getAcquire());
    }

    @Actor
    public void signalling() {
      one.setRelease(1);
      signal.signal();
    }

    @Actor
    public void signallingToo() {
      other.setRelease(1);
      signal.signal();
    }
  }

  /** One thread waits after another one: a late signaller of the first wakes no wrong thread. */
  @JCStressTest
  @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "both waits have ended")
  @Outcome(expect = FORBIDDEN, desc = "a wake-up is lost")
  @State
  public static class TwoWait {
    private final Signal signal = new Signal();
    private final Signal turns = new Signal();
    private final AtomicInteger work = new AtomicInteger();
    private final AtomicInteger turn = new AtomicInteger();

    @Actor
    public void first(II_Result result) {
      int seen = await(signal, 1, work::getAcquire);
      turn.setRelease(1);
      turns.signal();
      result.r1 = seen < 0 ? seen : 2;
    }

    @Actor
    public void second(II_Result result) {
      int seen = await(turns, 1, turn::getAcquire);
      result.r2 = seen < 0 ? seen : await(signal, 2, work::getAcquire);
    }

    @Actor
    public void signalling() {
      work.setRelease(1);
      signal.signal();
      work.setRelease(2);
      signal.signal();
    }
  }
}
