package dev.millrace.samples.verify;

/** An artifact that did not pass: the reason, and the exact finding. */
final class RejectedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final Reason reason;

  RejectedException(Reason reason, String detail) {
    super(detail);
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }
}
