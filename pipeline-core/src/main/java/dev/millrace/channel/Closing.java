package dev.millrace.channel;

import dev.millrace.errors.NotedException;

/**
 * Closes the resource that a producer reads, at the end and on an early end.
 *
 * <p>A try-with-resources statement would add the exception of the close to the exception of the
 * body. The latter is an exception of the user, which the library must not change.
 */
final class Closing {

  /** The work before the close. */
  @FunctionalInterface
  interface Body {
    /** Does the work. */
    void run() throws Exception;
  }

  private Closing() {}

  /**
   * Runs the body, and then closes the resource, whatever the body throws.
   *
   * @throws NotedException if both throw: its cause is the exception of the body, its note the
   *     exception of the close. An exception of the channel belongs to the library: it is thrown
   *     itself, with the exception of the close suppressed. An {@code Error} of the body is thrown
   *     alone
   */
  static void afterwards(AutoCloseable resource, Body body) throws Exception {
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
