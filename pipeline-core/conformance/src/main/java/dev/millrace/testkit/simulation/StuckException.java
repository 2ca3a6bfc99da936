package dev.millrace.testkit.simulation;

/** A deadlock, a livelock, or threads that never end. */
public final class StuckException extends RuntimeException {

  private static final long serialVersionUID = 1;

  StuckException(String message) {
    super(message, null, false, false);
  }
}
