package dev.millrace.testkit.conformance;

/** Thrown where a thread of the reference engine is to go no further. */
final class Stopped extends RuntimeException {

  private static final long serialVersionUID = 1;

  Stopped() {
    super("stopped", null, false, false);
  }
}
