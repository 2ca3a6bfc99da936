package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.StuckHandlerException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the thread that has made this is at work with. That thread writes; any thread reads.
 *
 * <p>A write is opaque, which is as cheap as a plain one: a reader that comes at the end of the
 * loop, when the thread has not moved for long, sees it.
 */
public final class Busy<K, V> {

  private static final VarHandle ATTEMPT;

  static {
    try {
      ATTEMPT = MethodHandles.lookup().findVarHandle(Busy.class, "attempt", Attempt.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Thread thread = Thread.currentThread();

  @SuppressWarnings("UnusedVariable") // read and written by ATTEMPT
  private @Nullable Attempt<K, V> attempt;

  /** The thread begins an attempt; or it ends one, with null. */
  public void with(@Nullable Attempt<K, V> given) {
    ATTEMPT.setOpaque(this, given);
  }

  /** Whether the calling thread has made it. */
  public boolean isOfThisThread() {
    return thread == Thread.currentThread();
  }

  private @Nullable StuckHandlerException stuck(String group) {
    var now = (Attempt<?, ?>) ATTEMPT.getOpaque(this);
    return now == null ? null : now.stuck(group, thread);
  }

  /** Those that are at work now, each with the stack of its thread. */
  public static <K, V> List<StuckHandlerException> stuck(String group, Collection<Busy<K, V>> all) {
    return all.stream().map(one -> one.stuck(group)).filter(Objects::nonNull).toList();
  }
}
