package dev.millrace.pipeline;

import java.util.Objects;

/**
 * An element and its position in a stream. Immutable; thread-safe if the element is.
 *
 * @param index the number of elements before it: 0 for the first element
 * @param element the element
 * @param <T> the type of the element
 */
public record Indexed<T>(long index, T element) {

  /** Refuses null as an element. */
  public Indexed {
    Objects.requireNonNull(element, "element");
  }
}
