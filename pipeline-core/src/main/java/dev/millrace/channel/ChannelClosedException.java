package dev.millrace.channel;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by a send on a closed channel, and by a receive on a channel that is closed and drained.
 * {@link #getCause()} is the cause with which the channel was closed; null if there was none.
 */
public class ChannelClosedException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * Made by the channel; {@code cause} is the one given to {@link SendChannel#close(Throwable)}.
   */
  public ChannelClosedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
