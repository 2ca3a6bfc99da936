package dev.millrace.channel.internal;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.errors.NotedException;

/**
 * Closes what a producer reads from, at the end and on an early one.
 *
 * <p>A try-with-resources statement would add what the close throws to what the body has thrown.
 * That is an exception of the user, which the library must not change.
 */
public final class Closing {

  /** What is done before the close. */
  @FunctionalInterface
  public interface Body {
    /** Does it. */
    void run() throws Exception;
  }

  private Closing() {}

  /**
   * Runs the body, and then closes the resource, whatever the body throws.
   *
   * @throws NotedException if both throw: its cause is what the body has thrown, its note what the
   *     close has. What the channel throws is the library's own, and is thrown itself, with the
   *     other one suppressed. An {@code Error} of the body is thrown alone
   */
  public static void afterwards(AutoCloseable resource, Body body) throws Exception {
    try {
      body.run();
    } catch (Throwable thrown) {
      try {
        resource.close();
      } catch (Throwable other) {
        if (thrown instanceof Exception exception && other != thrown) {
          throw both(exception, other);
        }
      }
      throw thrown;
    }
    resource.close();
  }

  /** An interrupt can only come from the channel: the user's code is not declared to throw it. */
  private static Exception both(Exception thrown, Throwable other) {
    if (thrown instanceof InterruptedException || thrown instanceof ChannelClosedException) {
      thrown.addSuppressed(other);
      return thrown;
    }
    return NotedException.of(thrown, other);
  }
}
