package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;

/** A transform of a user: it passes all elements, and emits their number at the end. */
final class Counting implements Transform<Integer, Integer> {
  private int count;

  @Override
  public Outcome accept(Integer element, Emitter<? super Integer> out) {
    count++;
    out.emit(element);
    return Outcome.USED;
  }

  @Override
  public void end(Emitter<? super Integer> out) {
    out.emit(count);
  }
}
