package dev.millrace.testkit.chaos;

/** The store behind the handlers is down for a moment; a breaker selects this failure. */
final class StoreDownException extends Exception {

  private static final long serialVersionUID = 1L;

  StoreDownException() {
    super("the store is down");
  }
}
