package dev.millrace.kafka.reactor;

import dev.millrace.kafka.StuckHandlerException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Starts the handlers of a loop. {@link #startAll} and {@link #await} are for the loop's thread.
 */
interface HandlerStarter {

  /** The failure that stops the loop, with its record; null if the loop goes on. */
  @Nullable Exception failure();

  /** Starts some handlers; whether more may start now. */
  boolean startAll() throws InterruptedException;

  /** The time after which {@link #startAll} may start more, even without a ring of the bell. */
  Duration untilReady();

  /**
   * Waits until no handler runs, at most for the timeout. A cancellation of the group ends the
   * wait.
   */
  void await(Duration timeout) throws InterruptedException;

  /** The present calls of the application's functions, each with the stack of its thread. */
  List<StuckHandlerException> running();

  /** Starts no more handlers, and cancels the ones that the group of threads does not cancel. */
  void cancel();
}
