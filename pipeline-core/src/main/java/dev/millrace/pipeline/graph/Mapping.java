package dev.millrace.pipeline.graph;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A transform that makes one element of one, or drops it: an engine can call it without an emitter.
 *
 * @param <I> what comes in
 * @param <O> what goes out
 */
@FunctionalInterface
public interface Mapping<I, O> extends Transform.Stateless<I, O> {

  /** Makes the state of a run; tells an engine beforehand what kind of transform that is. */
  @FunctionalInterface
  interface Maker<I, O> extends Supplier<Mapping<I, O>> {}

  /**
   * What becomes of the element; null if it is dropped on purpose.
   *
   * @throws Exception whatever a function of the user throws
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
