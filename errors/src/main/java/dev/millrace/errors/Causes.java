package dev.millrace.errors;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Searches a failure, its causes, and their suppressed exceptions.
 *
 * <p>The <i>chain</i> of a failure is the failure, its cause, the cause of that, to the root. Its
 * <i>tree</i> also has the suppressed exceptions of each of them, with their causes: the failures
 * of other tasks, of a {@code close}, of other attempts. A cycle is searched once. Nothing blocks.
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

  /**
   * The failure and everything that is wrapped or suppressed in it; each once. Depth first, as Go's
   * {@code errors.Is}: a failure before its cause, and its cause before its suppressed exceptions.
   * So the chain comes first, up to the root.
   */
  public static List<Throwable> tree(Throwable failure) {
    List<Throwable> tree = new ArrayList<>();
    Set<Throwable> seen = seen();
    Deque<Throwable> left = new ArrayDeque<>(); // a stack of our own: a chain may be long
    left.push(failure);
    while (!left.isEmpty()) {
      Throwable e = left.pop();
      if (!seen.add(e)) {
        continue;
      }
      tree.add(e);
      Throwable[] suppressed = e.getSuppressed();
      for (int i = suppressed.length - 1; i >= 0; i--) {
        left.push(suppressed[i]);
      }
      if (e.getCause() != null) {
        left.push(e.getCause());
      }
    }
    return tree;
  }

  /** The first throwable of that type in the {@link #tree}; null if there is none. */
  public static <X extends Throwable> @Nullable X findInTree(Throwable failure, Class<X> type) {
    Objects.requireNonNull(type, "type");
    for (Throwable e : tree(failure)) {
      if (type.isInstance(e)) {
        return type.cast(e);
      }
    }
    return null;
  }

  private static Set<Throwable> seen() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }
}
