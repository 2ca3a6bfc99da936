package dev.millrace.errors;

import java.util.Objects;

/**
 * A panic from which a policy has recovered: an {@link Error} as the failure of one call.
 *
 * <p>The {@linkplain #getCause() cause} is the error as it was thrown. Immutable, except for {@code
 * addSuppressed}, which every throwable has; thread-safe.
 */
public final class PanicException extends Exception {

  private static final long serialVersionUID = 1L;

  private final PanicKind kind;

  /** Recovered from {@code panic}. */
  public PanicException(Error panic) {
    super("recovered from a panic: " + Objects.requireNonNull(panic, "panic"), panic);
    this.kind = PanicKind.of(panic);
  }

  /** Which kind of panic it was. */
  public PanicKind kind() {
    return kind;
  }
}
