package dev.millrace.channel;

/**
 * The time between the moment a thread finds that it must wait and the moment it parks. Parking and
 * unparking are the most expensive part of an operation, so it pays to give the other side some
 * time first.
 *
 * <p>The thread always yields once. If the carriers are busy, the other thread runs meanwhile. On
 * an idle machine, a yield takes a fraction of a park. On a rendezvous channel the thread spins
 * before it yields, because every element needs both threads, and two running threads meet within
 * the time of a few cache misses. The spin time is learnt: each success doubles it, each failure
 * halves it, down to none. Then every 64th wait probes with the longest time, because two threads
 * that wake each other for each element need that time to meet. Each probe that fails doubles the
 * number of waits until the next probe, up to 4,096. A buffered channel does not spin, so that the
 * buffer can fill or drain meanwhile.
 *
 * <p>The measurements and the rejected variants are in docs/benchmarks. Races on the fields only
 * make the guess worse.
 */
final class Patience {

  private static final int MAX_SPINS = 256;
  private static final int FIRST_SPINS = 16;
  private static final int PROBE_OFTEN = 64;
  private static final int PROBE_SELDOM = 4096;

  /** The event that a thread waits for. */
  interface Completion {
    /** Whether the operation was completed. */
    boolean isComplete();
  }

  private final boolean spins;
  private int budget;
  private int waits;
  private int probeEvery = PROBE_OFTEN;

  private Patience(boolean spins) {
    this.spins = spins;
    this.budget = spins ? FIRST_SPINS : 0;
  }

  static Patience spinning() {
    return new Patience(true);
  }

  static Patience yielding() {
    return new Patience(false);
  }

  /** Returns when the operation is complete, or when it is time to park. */
  void await(Completion completion) {
    int most = budget;
    boolean probes = most == 0 && spins && ++waits >= probeEvery;
    if (probes) {
      waits = 0;
      most = MAX_SPINS;
    }
    for (int i = 0; i < most; i++) {
      if (completion.isComplete()) {
        budget = Math.min(MAX_SPINS, most * 2);
        if (probes) { // no write to a cache line that both sides read
          probeEvery = PROBE_OFTEN;
        }
        return;
      }
      Thread.onSpinWait();
    }
    if (probes) {
      probeEvery = Math.min(PROBE_SELDOM, 2 * probeEvery);
    } else if (most > 0) {
      budget = most / 2;
    }
    if (!completion.isComplete()) {
      SpinLock.giveWay();
    }
  }
}
