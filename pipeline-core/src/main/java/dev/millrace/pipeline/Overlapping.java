package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import java.util.function.Supplier;

/**
 * Makes transforms of this library that make one result of several elements, and may use an element
 * for two results that follow each other. So no element before the last one is ever free of its
 * neighbours. A stage that needs all elements of a result at once can refuse such a stage above it.
 */
sealed interface Overlapping {

  /** A transform without a time. */
  record Plain<I, O>(Transforms.Ours<I, O> maker) implements Transforms.Ours<I, O>, Overlapping {
    @Override
    public Transform<I, O> get() {
      return maker.get();
    }
  }

  /** A transform with something to close. */
  record Closing<I, O>(Supplier<Transform<I, O>> maker)
      implements Supplier<Transform<I, O>>, Overlapping {
    @Override
    public Transform<I, O> get() {
      return maker.get();
    }
  }

  /** A transform with a time. */
  record Timed<I, O>(TimedTransforms.Ours<I, O> maker)
      implements TimedTransforms.Ours<I, O>, Overlapping {
    @Override
    public TimedTransform<I, O> get() {
      return maker.get();
    }
  }
}
