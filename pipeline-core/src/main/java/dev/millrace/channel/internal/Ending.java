package dev.millrace.channel.internal;

/**
 * A state that is entered once and never left, such as that a context is cancelled. Thread-safe.
 *
 * <p>Channels read it under their locks, so it must neither block nor run code of the user.
 */
@FunctionalInterface
public interface Ending {
  /** Whether the state has been entered. */
  boolean hasEnded();
}
