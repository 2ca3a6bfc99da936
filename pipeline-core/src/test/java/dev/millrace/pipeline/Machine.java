package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Transform;
import dev.millrace.pipeline.transform.Transform.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Runs a transform by hand, and keeps its emitted elements and its answers. */
final class Machine<I, O> {
  final Transform<I, O> transform;
  final List<O> emitted = new ArrayList<>();
  final List<Outcome> outcomes = new ArrayList<>();

  private Machine(Supplier<? extends Transform<I, O>> transform) {
    this.transform = transform.get();
  }

  static <I, O> Machine<I, O> machine(Supplier<? extends Transform<I, O>> transform) {
    return new Machine<>(transform);
  }

  @SafeVarargs
  final Machine<I, O> accept(I... elements) throws Exception {
    for (I element : elements) {
      outcomes.add(transform.accept(element, emitted::add));
    }
    return this;
  }

  List<O> end() throws Exception {
    transform.end(emitted::add);
    return emitted;
  }
}
