package dev.millrace.errors;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Searches a failure and the causes that it wraps.
 *
 * <p>A cyclic chain is searched once. Nothing blocks.
 */
public final class Causes {

  private Causes() {}

  /** The cause at the end of the chain; the failure itself if it has none. */
  public static Throwable root(Throwable failure) {
    Throwable root = failure;
    Set<Throwable> seen = seen();
    for (Throwable e = failure; e != null && seen.add(e); e = e.getCause()) {
      root = e;
    }
    return root;
  }

  /** The failure, its cause, the cause of its cause, and so on, to the root; each one once. */
  public static List<Throwable> chain(Throwable failure) {
    List<Throwable> chain = new ArrayList<>();
    Set<Throwable> seen = seen();
    for (Throwable e = failure; e != null && seen.add(e); e = e.getCause()) {
      chain.add(e);
    }
    return chain;
  }

  /** The outermost throwable of that type in the chain; null if there is none. */
  public static <X extends Throwable> @Nullable X find(Throwable failure, Class<X> type) {
    return type.cast(find(failure, (Predicate<Throwable>) type::isInstance));
  }

  /** The outermost throwable in the chain that fits; null if none fits. */
  public static @Nullable Throwable find(Throwable failure, Predicate<? super Throwable> fits) {
    Objects.requireNonNull(fits, "fits");
    Set<Throwable> seen = seen();
    for (Throwable e = failure; e != null && seen.add(e); e = e.getCause()) {
      if (fits.test(e)) {
        return e;
      }
    }
    return null;
  }

  private static Set<Throwable> seen() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }
}
