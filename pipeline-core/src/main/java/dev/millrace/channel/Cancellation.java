package dev.millrace.channel;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A request to stop, for the code that must obey it. Blocking operations take a cancellation, and
 * stop waiting when it is cancelled. Applications use {@code dev.millrace.context.Context}.
 *
 * <p><b>The rule.</b> After {@link #isCancelled} has returned true in any thread, no operation that
 * obeys this cancellation happens any more. No operation takes an element that was sent later, and
 * none sends to a receiver that came later. A {@link Select} with {@link Select#onDone} does
 * nothing else. Contexts keep this rule. Other implementations keep it if they close {@link #done}
 * before {@link #cause} returns the cause.
 *
 * <p>Implementations are thread-safe.
 */
public interface Cancellation {

  /**
   * A channel that never carries an element and is closed when the stop is requested: a clause for
   * {@link Select}. {@link Channel#never()} if it cannot be cancelled.
   */
  ReceiveChannel<Void> done();

  /** The cause of the cancellation; null if it is not cancelled. Does not block. */
  @Nullable Throwable cause();

  /** Whether it is cancelled. Does not block. */
  default boolean isCancelled() {
    return cause() != null;
  }

  /**
   * Throws if it is cancelled. Does not block.
   *
   * @throws CancellationException if it is cancelled; its cause is {@link #cause()}
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
