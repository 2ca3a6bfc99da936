package dev.millrace.pipeline.transform;

import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A transform that makes one element from each element, or drops it. So an engine can call it
 * without an emitter. Not thread-safe: one thread at a time uses it.
 *
 * @param <I> the type of the elements that it takes
 * @param <O> the type of the elements that it emits
 */
@FunctionalInterface
public interface Mapping<I, O> extends Transform.Stateless<I, O> {

  /**
   * Makes the state of a run. By its type, an engine knows in advance that the transform is a
   * mapping.
   */
  @FunctionalInterface
  interface Maker<I, O> extends Supplier<Mapping<I, O>> {}

  /**
   * Checks that a function of the user did not return null.
   *
   * @throws NullPointerException if it did
   */
  static <T> T result(@Nullable T result) {
    return Objects.requireNonNull(result, "the function returned null");
  }

  /**
   * Maps an element; null if the element is dropped on purpose. May block.
   *
   * @throws Exception any exception of a function of the user; the element becomes a failure
   */
  @Nullable O apply(I element) throws Exception;

  @Override
  default Outcome accept(I element, Emitter<? super O> out) throws Exception {
    O made = apply(element);
    if (made == null) {
      return Outcome.DROPPED;
    }
    out.emit(made);
    return Outcome.USED;
  }
}
