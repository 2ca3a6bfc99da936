package dev.millrace.pipeline;

import org.jspecify.annotations.Nullable;

/** An element of a settling source, under way in a run. Equal only to itself. Thread-safe. */
public interface SourceElement {

  /** The element, as the source has given it. */
  @Nullable Object element();

  /** The callback of its source. */
  Settlement<?> settlement();
}
