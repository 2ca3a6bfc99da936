package dev.millrace.stages.internal.fusion;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A class that was defined again from its own bytes, for one place in one kind of chain.
 * Thread-safe.
 */
public final class Twin {

  private final Twins twins;
  private final @Nullable Template prototype;

  /**
   * The twins of the stage before this one, by the class of the user's function, then by the
   * template. A twin does not refer to the class of the function: when the user's class loader is
   * given up, its twins go with it. Guarded by {@link #twins}.
   */
  private final Map<Class<?>, Map<Class<?>, Twin>> before = new WeakHashMap<>();

  Twin(Twins twins, @Nullable Template prototype) {
    this.twins = twins;
    this.prototype = prototype;
  }

  /** A new object of the class. */
  public Template fresh() {
    return Objects.requireNonNull(prototype).fresh();
  }

  /**
   * The class for the stage before this one; null if there is none.
   *
   * @param plain an object of the class to define again
   * @param user the class of the user's function, which the stage calls
   * @param define whether to define the class if there is none
   */
  public @Nullable Twin before(Template plain, Class<?> user, boolean define) {
    synchronized (twins) {
      Map<Class<?>, Twin> ofUser = before.get(user);
      Twin twin = ofUser == null ? null : ofUser.get(plain.getClass());
      if (twin != null || !define) {
        return twin;
      }
      Template made = twins.define(plain.getClass());
      if (made == null) {
        return null;
      }
      var defined = new Twin(twins, made);
      before.computeIfAbsent(user, key -> new HashMap<>()).put(plain.getClass(), defined);
      return defined;
    }
  }

  /** The number of classes for this and all stages before it. Called under the lock. */
  int count() {
    int count = prototype == null ? 0 : 1;
    for (Map<Class<?>, Twin> ofUser : before.values()) {
      for (Twin twin : ofUser.values()) {
        count += twin.count();
      }
    }
    return count;
  }
}
