package dev.millrace.stages;

import java.time.Duration;

/** Says that a function was not called, because its {@link CircuitBreaker} is open. */
public final class CircuitOpenException extends Exception {

  private static final long serialVersionUID = 1L;

  CircuitOpenException(Duration left) {
    super(
        left.isZero()
            ? "the circuit breaker is half open, and its probe is under way"
            : "the circuit breaker is open for another " + left);
  }

  /** Without a stack trace, because an open breaker throws this exception for each element. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
