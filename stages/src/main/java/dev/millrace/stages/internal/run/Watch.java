package dev.millrace.stages.internal.run;

import dev.millrace.channel.internal.Timers;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Looks at all runs now and then, so that a run that is stuck can say since when, even to the first
 * caller that asks.
 *
 * <p>One timer serves all runs. It ticks once a second while there is a run. A run is looked at
 * when it is about 1, 3, 7 and 15 seconds old, and from then on every 10 seconds. A look costs some
 * microseconds. A run that ends earlier costs an entry in a map.
 *
 * <p>Thread-safe.
 */
final class Watch {

  /** A run. */
  interface Watched {
    /** Looks at the run. Does not block. */
    void look();
  }

  private static final long TICK = TimeUnit.SECONDS.toNanos(1);

  /** The longest time between two looks, in ticks. */
  private static final int LONGEST = 10;

  /** In ticks. Used by the timer only, one tick at a time. */
  private static final class Pace {
    private int next = 1;
    private int left = 1;

    boolean isDue() {
      if (--left > 0) {
        return false;
      }
      next = Math.min(LONGEST, 2 * next);
      left = next;
      return true;
    }
  }

  private static final Map<Watched, Pace> RUNS = new ConcurrentHashMap<>();

  /**
   * Whether a tick is scheduled. Written under the lock of the class. A caller adds its run first
   * and then reads this; the tick clears this first and then looks for runs. So one of them sees
   * the other.
   */
  private static volatile boolean ticking;

  private Watch() {}

  /** Looks at the run from now on, until {@link #end}. */
  static void begin(Watched run) {
    RUNS.put(run, new Pace());
    if (!ticking) {
      schedule();
    }
  }

  static void end(Watched run) {
    RUNS.remove(run);
  }

  private static synchronized void schedule() {
    if (!ticking) {
      ticking = true;
      var _ = Timers.schedule(Watch::tick, TICK);
    }
  }

  private static void tick() {
    try {
      RUNS.forEach(
          (run, pace) -> {
            if (pace.isDue()) {
              run.look();
            }
          });
    } finally {
      synchronized (Watch.class) {
        ticking = false;
        if (!RUNS.isEmpty()) {
          schedule();
        }
      }
    }
  }
}
