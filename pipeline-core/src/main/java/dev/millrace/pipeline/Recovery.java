package dev.millrace.pipeline;

import dev.millrace.errors.PanicException;
import dev.millrace.errors.PanicKind;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * Recovers from panics of a function: an {@link Error} of the named kinds becomes a {@link
 * PanicException}, and so the failure of one element. All other errors stop the run, which is the
 * default for every error.
 *
 * <pre>{@code
 * var recovery = Recovery.of(PanicKind.STACK_OVERFLOW); // a document that is nested too deeply
 * pipe.map("parse", recovery.around(Json::parse));
 * }</pre>
 *
 * <p>Immutable, and thread-safe. A call that does not panic costs nothing more.
 */
public final class Recovery {

  private final Set<PanicKind> kinds;

  private Recovery(EnumSet<PanicKind> kinds) {
    for (PanicKind kind : kinds) {
      if (kind.isFatal() || kind == PanicKind.EXCEPTION) {
        throw new IllegalArgumentException(
            kind.isFatal()
                ? "after " + kind + " nothing can be trusted: let the process end"
                : "an exception is no panic: the failure policy of the stage handles it");
      }
    }
    this.kinds = kinds;
  }

  /**
   * Recovers from these kinds.
   *
   * @throws IllegalArgumentException if one of them is {@linkplain PanicKind#isFatal() fatal}, or
   *     no panic
   */
  public static Recovery of(PanicKind first, PanicKind... others) {
    return new Recovery(EnumSet.of(first, others));
  }

  /** The function with the recovery around it. */
  public <I, O> StageFunction<I, O> around(StageFunction<? super I, ? extends O> function) {
    Objects.requireNonNull(function, "function");
    return element -> {
      try {
        return function.apply(element);
      } catch (Error e) {
        if (kinds.contains(PanicKind.of(e))) {
          throw new PanicException(e);
        }
        throw e;
      }
    };
  }
}
