package dev.millrace.pipeline;

import dev.millrace.errors.Carrier;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.Iterator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An element that holds until the next one comes: the first stage of an operator emits it, and
 * marks it as over when it gets the next element. The second stage, in another thread, works on the
 * element until then. Thread-safe.
 */
final class Expansion<T> implements Carrier<T> {

  private final T element;

  /** Written once by the first stage; read by the second. */
  private volatile boolean isOver;

  /**
   * Set by the second stage before it reads {@link #isOver}; called by the first after its write.
   */
  private volatile @Nullable Runnable onEnd;

  Expansion(T element) {
    this.element = element;
  }

  @Override
  public T element() {
    return element;
  }

  boolean isOver() {
    return isOver;
  }

  private void end() {
    isOver = true;
    Runnable action = onEnd;
    if (action != null) {
      action.run();
    }
  }

  /**
   * Sets the action that interrupts the work of the second stage. The action may be called twice.
   * It neither blocks nor throws.
   */
  void onEnd(Runnable action) {
    onEnd = action;
    if (isOver) {
      action.run();
    }
  }

  @Override
  public String toString() {
    return element.toString();
  }

  /**
   * The first stage.
   *
   * @param endsWithInput whether the end of the input ends the last element
   */
  static <T> Supplier<Transform<T, Expansion<T>>> latest(boolean endsWithInput) {
    return (Transforms.Ours<T, Expansion<T>>)
        () ->
            new Transform.Stateless<>() {
              private @Nullable Expansion<T> last;

              @Override
              public Outcome accept(T element, Emitter<? super Expansion<T>> out) {
                endLast();
                var next = new Expansion<>(element);
                last = next;
                out.emit(next);
                return Outcome.USED;
              }

              @Override
              public void end(Emitter<? super Expansion<T>> out) {
                if (endsWithInput) {
                  endLast();
                }
              }

              private void endLast() {
                Expansion<T> before = last;
                if (before != null) {
                  before.end();
                }
              }
            };
  }

  /** The second stage: the element, and then elements of the iterator until the next one comes. */
  static <T> Supplier<Transform<Expansion<T>, T>> expanding(
      StageFunction<? super T, ? extends Iterator<? extends T>> function) {
    return (Transforms.Ours<Expansion<T>, T>)
        () ->
            (Transform.Stateless<Expansion<T>, T>)
                (expansion, out) -> {
                  out.emit(expansion.element());
                  if (!expansion.isOver()) {
                    Iterator<? extends T> more =
                        Transforms.result(function.apply(expansion.element()));
                    while (!expansion.isOver() && more.hasNext()) {
                      out.emit(Transforms.result(more.next()));
                    }
                  }
                  return Transform.Outcome.USED;
                };
  }
}
