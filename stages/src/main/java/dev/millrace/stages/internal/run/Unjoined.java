package dev.millrace.stages.internal.run;

import dev.millrace.channel.internal.Timers;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Logs the failure of a run that no thread joins: otherwise the failure would stay unknown. A
 * failure is logged at most once: when the run is closed, or some seconds after its end.
 *
 * <p>Thread-safe.
 */
final class Unjoined {

  /** A caller that joins later than this gets the exception, and finds it in the log as well. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

  private static final System.Logger LOGGER = System.getLogger("dev.millrace.pipeline.Run");

  /** The failure to log; null if there is none, or if it has a taker. Guarded by this. */
  private @Nullable Throwable failure;

  private boolean joined; // guarded by this

  /** A thread waits for the outcome of the run, or has it. */
  synchronized void joined() {
    joined = true;
    failure = null;
  }

  /**
   * The run has ended.
   *
   * @param outcome throws the exception of the run, if the run has failed
   */
  void ended(Callable<?> outcome) {
    synchronized (this) {
      if (joined) {
        return;
      }
    }
    try {
      outcome.call();
    } catch (Exception e) {
      keep(e);
    }
  }

  private synchronized void keep(Exception thrown) {
    if (!joined) {
      failure = thrown;
      var _ = Timers.schedule(this::logInAnotherThread, PATIENCE);
    }
  }

  /** A log may block, and the timers must not. */
  private void logInAnotherThread() {
    Thread.ofPlatform().daemon().name("millrace-log").start(this::log);
  }

  /** Logs the failure, unless it was logged or has a taker. */
  void log() {
    Throwable thrown;
    synchronized (this) {
      thrown = failure;
      failure = null;
    }
    if (thrown != null) {
      LOGGER.log(
          System.Logger.Level.ERROR,
          "no thread has joined a run that has failed. Call join() to handle the failure: "
              + thrown.getMessage(),
          thrown);
    }
  }
}
