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
 * halves it, down to none; then every 64th wait probes again. A buffered channel does not spin, so
 * that the buffer can fill or drain meanwhile.
 *
 * <p>The measurements and the rejected variants are in docs/benchmarks. Races on the fields only
 * make the guess worse.
 */
final class Patience {

  private static final int MAX_SPINS = 256;
  private static final int PROBE_SPINS = 16;
  private static final int PROBE_EVERY = 64;

  /** The event that a thread waits for. */
  interface Completion {
    /** Whether the operation was completed. */
    boolean isComplete();
  }

  private final int probe;
  private int budget;
  private int waits;

  private Patience(int probe) {
    this.probe = probe;
    this.budget = probe;
  }

  static Patience spinning() {
    return new Patience(PROBE_SPINS);
  }

  static Patience yielding() {
    return new Patience(0);
  }

  /** Returns when the operation is complete, or when it is time to park. */
  void await(Completion completion) {
    int spins = budget;
    if (spins == 0 && ++waits % PROBE_EVERY == 0) {
      spins = probe;
    }
    for (int i = 0; i < spins; i++) {
      if (completion.isComplete()) {
        budget = Math.min(MAX_SPINS, spins * 2);
        return;
      }
      Thread.onSpinWait();
    }
    if (spins > 0) {
      budget = spins / 2;
    }
    if (!completion.isComplete()) {
      SpinLock.giveWay();
    }
  }
}
