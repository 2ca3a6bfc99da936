package dev.millrace.testkit.simulation;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Removes deviations of a failing schedule, as long as it still fails: first halves, then smaller
 * parts (Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002).
 */
final class Shortening {

  private Shortening() {}

  /** Follows the deviations of another run. */
  private static final class Replay implements Strategy {
    private final Map<Integer, Integer> choices;
    private int event;

    Replay(Deviations deviations) {
      choices = deviations.byEvent();
    }

    @Override
    public boolean preempts(SimulatedThread running, List<SimulatedThread> ready) {
      return choices.getOrDefault(event, 0) == Deviations.GIVES_WAY;
    }

    @Override
    public int pick(List<SimulatedThread> ready) {
      return Math.clamp(choices.getOrDefault(event, 0), 0, ready.size() - 1);
    }

    @Override
    public void event(int number) {
      event = number;
    }
  }

  static Outcome replay(Simulation simulation, long seed, Deviations deviations) {
    return simulation.run(seed, new Replay(deviations));
  }

  /** The fewest deviations found that fail, within this real time. */
  static Deviations shorten(
      Simulation simulation, long seed, Deviations deviations, Duration time) {
    long end = System.nanoTime() + time.toNanos();
    Deviations fewest = deviations;
    int part = Math.max(1, (fewest.list().size() + 1) / 2);
    while (part >= 1 && System.nanoTime() - end < 0 && !fewest.list().isEmpty()) {
      boolean removed = false;
      for (int from = 0; from < fewest.list().size() && System.nanoTime() - end < 0; ) {
        Deviations fewer = fewest.without(from, Math.min(fewest.list().size(), from + part));
        if (replay(simulation, seed, fewer).failure() != null) {
          fewest = fewer;
          removed = true;
        } else {
          from += part;
        }
      }
      if (!removed) {
        part /= 2;
      }
    }
    return fewest;
  }
}
