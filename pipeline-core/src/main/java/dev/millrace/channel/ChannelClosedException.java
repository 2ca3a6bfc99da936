package dev.millrace.channel;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by a send on a closed channel, and by a receive on a channel that is closed and drained.
 * {@link #getCause()} is the cause that the channel was closed with, if any.
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
