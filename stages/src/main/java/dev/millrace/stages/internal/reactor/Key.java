package dev.millrace.stages.internal.reactor;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The key of an element: its hash was computed where an exception is the element's failure.
 *
 * @param value the key that the user's function has returned
 * @param hash of the value
 */
record Key(Object value, int hash) {

  static Key of(@Nullable Function<Object, ?> function, Object element) {
    Object value =
        Objects.requireNonNull(
            Objects.requireNonNull(function, "key").apply(element), "the key is null");
    return new Key(value, value.hashCode());
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Key key && hash == key.hash && value.equals(key.value);
  }
}
