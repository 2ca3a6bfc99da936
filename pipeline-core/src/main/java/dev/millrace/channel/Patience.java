package dev.millrace.channel;

/**
 * What a thread does between finding that it has to wait and parking: to park and be unparked is
 * the dearest part of an operation, so it pays to let the other side come first.
 *
 * <p>It always yields once: on a machine whose carriers are busy the thread that is waited for runs
 * meanwhile, and on an idle one a yield takes a fraction of a park. On a rendezvous channel it
 * spins before that, as every element needs a meeting, and two threads that run side by side meet
 * within the time of a few cache misses. How long is learnt: each success doubles the time, each
 * failure halves it, down to none; then every 64th wait probes anew. A buffered channel does not
 * spin: let the buffer fill or drain meanwhile.
 *
 * <p>What was measured, and what else was tried, is in docs/benchmarks. Races on the fields only
 * make the guess worse.
 */
final class Patience {

  private static final int MAX_SPINS = 256;
  private static final int PROBE_SPINS = 16;
  private static final int PROBE_EVERY = 64;

  /** What a waiting thread waits for. */
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
