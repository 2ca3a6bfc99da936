package dev.millrace.stages.internal.run;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The keys of elements, by a function of the user. An exception of the function, or of the hash
 * code of a key, is thrown here, where it is the failure of the element.
 */
public final class Keys {

  private Keys() {}

  /** The key of an element, for a keyed stage; null if the stage has no keys. */
  public static @Nullable Object of(@Nullable Function<Object, ?> function, Object element) {
    if (function == null) {
      return null;
    }
    Object key = Objects.requireNonNull(function.apply(element), "the key is null");
    int _ = key.hashCode();
    return key;
  }

  /** The lane of an element, for a partition: the same for equal keys. */
  public static int lane(@Nullable Function<Object, ?> function, Object element, int lanes) {
    int hash = Objects.requireNonNull(of(function, element), "key").hashCode();
    return Math.floorMod(hash ^ (hash >>> 16), lanes);
  }
}
