package dev.millrace.channel;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * A request to stop, as seen by those who must obey it. Blocking operations take one to give up
 * when it comes; {@code dev.millrace.context.Context} is the one that applications use.
 *
 * <p><b>The rule.</b> Once {@link #isCancelled} was seen true by any thread, no operation that
 * obeys this cancellation happens any more: none takes an element that was sent after that, and
 * none sends to a receiver that came after that; a {@link Select} with {@link Select#onDone} does
 * nothing else. Contexts keep this rule. Other implementations keep it if they close {@link #done}
 * before {@link #cause} tells of the stop.
 *
 * <p>Implementations are thread-safe.
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
