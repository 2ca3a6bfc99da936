package dev.millrace.sync;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The groups, generators and executions that the calling code belongs to. If the calling code
 * waited for the end of such a group, generator or execution, it would wait for itself.
 *
 * <p>A linked list, innermost first, that is bound to the thread. The tasks of a task group inherit
 * the list of the thread that opened the group, because that thread waits for them. So a task of an
 * inner group is known to be inside of the outer one, too.
 */
final class Inside {

  private static final ScopedValue<Inside> CURRENT = ScopedValue.newInstance();

  private final Object owner;
  private final @Nullable Inside outer;

  private Inside(Object owner, @Nullable Inside outer) {
    this.owner = Objects.requireNonNull(owner, "owner");
    this.outer = outer;
  }

  /** Inside of the owner, and of everything that the calling code is inside of. */
  static Inside of(Object owner) {
    return new Inside(owner, CURRENT.isBound() ? CURRENT.get() : null);
  }

  /** Inside of the owner only. */
  static Inside onlyOf(Object owner) {
    return new Inside(owner, null);
  }

  /** Whether the calling code is a part of the owner. */
  static boolean isIn(Object owner) {
    for (Inside one = CURRENT.isBound() ? CURRENT.get() : null; one != null; one = one.outer) {
      if (one.owner == owner) {
        return true;
      }
    }
    return false;
  }

  /**
   * Refuses a call that would wait for itself.
   *
   * @throws IllegalStateException if the calling code is a part of the owner
   */
  static void refuse(Object owner, String call, String advice) {
    if (isIn(owner)) {
      throw new IllegalStateException(
          "%s would wait for its own caller for ever: %s".formatted(call, advice));
    }
  }

  void run(Runnable action) {
    ScopedValue.where(CURRENT, this).run(action);
  }

  <T extends @Nullable Object> T call(Callable<T> function) throws Exception {
    return ScopedValue.where(CURRENT, this).call(function::call);
  }
}
