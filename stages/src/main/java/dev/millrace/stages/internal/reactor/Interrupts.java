package dev.millrace.stages.internal.reactor;

import java.util.HashMap;
import java.util.Map;

/**
 * Interrupts the threads of a run, but not behind a shield: there, the interrupt is kept until the
 * shielded code has ended.
 *
 * <p>Thread-safe.
 */
final class Interrupts {

  /** Why a thread is interrupted; the stronger reason last. */
  enum Reason {
    /** No stage takes the elements of this one any more; the run goes on. */
    UNWANTED,
    /** The run is stopped. */
    STOPPED
  }

  /** A call of the user's code behind a shield. */
  interface Action {
    void run() throws Exception;
  }

  private static final class Shield {
    private final Reason against;
    private boolean pending;

    private Shield(Reason against) {
      this.against = against;
    }
  }

  private final Map<Thread, Shield> shields = new HashMap<>();

  synchronized void interrupt(Thread thread, Reason reason) {
    Shield shield = shields.get(thread);
    if (shield == null || reason.compareTo(shield.against) > 0) {
      thread.interrupt();
    } else {
      shield.pending = true;
    }
  }

  /**
   * Runs the action in the calling thread, which is not interrupted for that or a weaker reason.
   */
  void shielded(Reason against, Action action) throws Exception {
    raise(new Shield(against));
    try {
      action.run();
    } finally {
      lower();
    }
  }

  private synchronized void raise(Shield shield) {
    shield.pending = Thread.interrupted();
    shields.put(Thread.currentThread(), shield);
  }

  private synchronized void lower() {
    Shield shield = shields.remove(Thread.currentThread());
    Thread.interrupted(); // an interrupt of the action's own ends with it
    if (shield != null && shield.pending) {
      Thread.currentThread().interrupt();
    }
  }
}
