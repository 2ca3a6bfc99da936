package dev.millrace.pipeline;

import dev.millrace.pipeline.Pipes.Pair;
import dev.millrace.pipeline.Pipes.Tagged;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import org.jspecify.annotations.Nullable;

/**
 * Emits each element with the latest element of another pipe. The elements of the other pipe come
 * as {@link Tagged}. Not thread-safe.
 */
final class WithLatest<A, B> implements Transform.Stateless<Object, Pair<A, B>> {

  private @Nullable B latest;
  private boolean isUnused;

  @Override
  @SuppressWarnings("unchecked") // Pipes.withLatestFrom has checked the types
  public Outcome accept(Object element, Emitter<? super Pair<A, B>> out) {
    if (element instanceof Tagged<?> other) {
      boolean replaces = isUnused;
      latest = (B) other.element();
      isUnused = true;
      return replaces ? Outcome.DROPPED : Outcome.USED; // the count stands for the replaced one
    }
    if (Pipes.isEnd(element)) {
      return Outcome.DROPPED_LAST;
    }
    B right = latest;
    if (right == null) {
      return Outcome.DROPPED;
    }
    isUnused = false;
    out.emit(new Pair<>((A) element, right));
    return Outcome.USED;
  }

  @Override
  public int leftOver() {
    return isUnused ? 1 : 0;
  }
}
