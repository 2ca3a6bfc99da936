package dev.millrace.kafka.reactor;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The thread of a loop on Reactor waits for work while others bring it. */
public class BellRaces {

  private BellRaces() {}

  /** Nobody takes so long to bring work: who waits for that long was not woken. */
  private static final long LONG_NANOS = 10_000_000_000L;

  /** Resets, looks, and waits if there is less than that; how much there was, or -1 if late. */
  private static int awaitWork(Bell bell, AtomicInteger work, int enough) {
    long deadline = System.nanoTime() + LONG_NANOS;
    while (System.nanoTime() - deadline < 0) {
      bell.reset();
      int known = work.get();
      if (known >= enough) {
        return known;
      }
      try {
        bell.awaitUntil(deadline);
      } catch (InterruptedException e) {
        return -1;
      }
    }
    return -1;
  }

  /** One brings work. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "seen, or told of")
  @Outcome(expect = FORBIDDEN, desc = "a wake-up is lost")
  @State
  public static class OneRings {
    private final Bell bell = new Bell();
    private final AtomicInteger work = new AtomicInteger();

    @Actor
    public void loop(I_Result result) {
      result.r1 = awaitWork(bell, work, 1);
    }

    @Actor
    public void handler() {
      work.incrementAndGet();
      bell.ring();
    }
  }

  /** Two bring work, and the second finds the bell rung. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "seen, or told of")
  @Outcome(expect = FORBIDDEN, desc = "a wake-up is lost")
  @State
  public static class TwoRing {
    private final Bell bell = new Bell();
    private final AtomicInteger work = new AtomicInteger();

    @Actor
    public void loop(I_Result result) {
      result.r1 = awaitWork(bell, work, 2);
    }

    @Actor
    public void one() {
      work.incrementAndGet();
      bell.ring();
    }

    @Actor
    public void other() {
      work.incrementAndGet();
      bell.ring();
    }
  }
}
