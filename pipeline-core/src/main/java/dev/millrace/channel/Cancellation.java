package dev.millrace.channel;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A request to stop, as seen by those who must obey it. Blocking operations take one to give up
 * when it comes; {@code dev.millrace.context.Context} is the one that applications use.
 *
 * <p>Implementations are safe for use by many threads.
 */
public interface Cancellation {

  /**
   * A channel that never carries an element and is closed when the stop is requested: a clause for
   * {@link Select}. {@link Channel#never()} if that can not happen.
   */
  ReceiveChannel<Void> done();

  /** Why the stop was requested; null as long as it was not. */
  @Nullable Throwable cause();

  /** Whether the stop was requested. Does not block. */
  default boolean isCancelled() {
    return cause() != null;
  }

  /**
   * Does nothing as long as no stop was requested.
   *
   * @throws CancellationException if it was; its cause is {@link #cause()}
   */
  default void throwIfCancelled() {
    Throwable cause = cause();
    if (cause != null) {
      var exception = new CancellationException("cancelled: " + cause);
      exception.initCause(cause);
      throw exception;
    }
  }
}
