package dev.millrace.testkit.simulation;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** The ways to draw a schedule from a seed. */
enum Strategies {

  /** Switches after random numbers of points, to a random thread. */
  RANDOM,

  /**
   * Runs the thread with the highest of random priorities, and lowers the priority of the running
   * thread at a few random points. It finds each defect that needs d orderings with a probability
   * of at least 1/(n k^(d-1)), for n threads and k points. Source: Burckhardt, Kothari, Musuvathi,
   * Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS
   * 2010.
   */
  PRIORITIES,

  /** Serves all threads in turn, and passes over some of them a few times. */
  DELAYS,

  /**
   * Switches only where a thread parks or yields, and starts a new thread only if no other can run:
   * as the JDK's scheduler does on a busy carrier.
   */
  COOPERATIVE;

  /** The strategies of ten seeds: frequent ones stand more than once. */
  private static final Strategies[] SHARES = {
    RANDOM, PRIORITIES, RANDOM, DELAYS, PRIORITIES, RANDOM, PRIORITIES, RANDOM, DELAYS, COOPERATIVE
  };

  /** The strategy of a seed. */
  static Strategies of(long seed) {
    return SHARES[(int) Long.remainderUnsigned(mix(seed), SHARES.length)];
  }

  private static long mix(long seed) {
    return new SplittableRandom(seed).nextLong();
  }

  Strategy make(long seed) {
    return switch (this) {
      case RANDOM -> new Random(seed);
      case PRIORITIES -> new Priorities(seed);
      case DELAYS -> new Delayed(seed);
      case COOPERATIVE -> new Cooperative(seed);
    };
  }

  private static final class Random implements Strategy {
    private final SplittableRandom random;
    private final int longest;
    private int left;

    Random(long seed) {
      random = new SplittableRandom(seed);
      longest = 2 << random.nextInt(9);
      left = random.nextInt(longest);
    }

    @Override
    public boolean preempts(SimulatedThread running, List<SimulatedThread> ready) {
      if (left-- > 0) {
        return false;
      }
      left = random.nextInt(longest);
      return !ready.isEmpty();
    }

    @Override
    public int pick(List<SimulatedThread> ready) {
      return random.nextInt(ready.size());
    }
  }

  private static final class Priorities implements Strategy {
    private static final int MOST_CHANGES = 4;

    private final SplittableRandom random;
    private final int[] changes;
    private int next;
    private int points;
    private long lowest;

    Priorities(long seed) {
      random = new SplittableRandom(seed);
      int length = 1 << (2 + random.nextInt(13));
      changes = random.ints(1 + random.nextInt(MOST_CHANGES), 0, length).sorted().toArray();
    }

    @Override
    public boolean preempts(SimulatedThread running, List<SimulatedThread> ready) {
      points++;
      if (next < changes.length && changes[next] <= points) {
        next++;
        yielded(running);
      }
      for (int i = 0; i < ready.size(); i++) {
        if (priority(ready.get(i)) > priority(running)) {
          return true;
        }
      }
      return false;
    }

    private long priority(SimulatedThread thread) {
      if (thread.priority == 0) {
        thread.priority = 1L + random.nextInt(Integer.MAX_VALUE);
      }
      return thread.priority;
    }

    @Override
    public int pick(List<SimulatedThread> ready) {
      int best = 0;
      for (int i = 1; i < ready.size(); i++) {
        if (priority(ready.get(i)) > priority(ready.get(best))) {
          best = i;
        }
      }
      return best;
    }

    /** So a thread that spins lets the thread run that it spins for. */
    @Override
    public void yielded(SimulatedThread thread) {
      thread.priority = --lowest;
    }
  }

  private static final class Delayed implements Strategy {
    private static final int MOST_DELAYS = 8;

    private final SplittableRandom random;
    private final int quantum;
    private final int[] delays;
    private int left;
    private int picks;

    Delayed(long seed) {
      random = new SplittableRandom(seed);
      quantum = 2 << random.nextInt(8);
      left = quantum;
      delays = random.ints(random.nextInt(MOST_DELAYS), 0, 1 << (4 + random.nextInt(7))).toArray();
      Arrays.sort(delays);
    }

    @Override
    public boolean preempts(SimulatedThread running, List<SimulatedThread> ready) {
      if (left-- > 0) {
        return false;
      }
      left = quantum;
      return !ready.isEmpty();
    }

    @Override
    public int pick(List<SimulatedThread> ready) {
      left = quantum;
      return Arrays.binarySearch(delays, picks++) >= 0 ? random.nextInt(ready.size()) : 0;
    }
  }

  private static final class Cooperative implements Strategy {

    private final SplittableRandom random;

    Cooperative(long seed) {
      random = new SplittableRandom(seed);
    }

    @Override
    public boolean preempts(SimulatedThread running, List<SimulatedThread> ready) {
      return false;
    }

    @Override
    public int pick(List<SimulatedThread> ready) {
      int begun = 0;
      while (begun < ready.size() && !ready.get(begun).hasBegun()) {
        begun++;
      }
      return begun < ready.size() ? begun : random.nextInt(ready.size());
    }
  }
}
