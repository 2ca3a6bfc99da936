package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.StuckHandlerException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The attempt that a thread works on. The thread that created this object writes; any thread reads.
 *
 * <p>Writes are opaque, which costs no more than a plain write. The reader comes at the end of the
 * loop, long after the last write of a stuck thread, and sees that write.
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

  /** The thread begins an attempt; null ends it. */
  public void with(@Nullable Attempt<K, V> given) {
    ATTEMPT.setOpaque(this, given);
  }

  /** Whether the calling thread created this object. */
  public boolean isOfThisThread() {
    return thread == Thread.currentThread();
  }

  /** Interrupts the thread. */
  void interrupt() {
    thread.interrupt();
  }

  private @Nullable StuckHandlerException stuck(String group) {
    var now = (Attempt<?, ?>) ATTEMPT.getOpaque(this);
    return now == null ? null : now.stuck(group, thread);
  }

  /** The attempts in progress now, each with the stack of its thread. */
  public static <K, V> List<StuckHandlerException> stuck(String group, Collection<Busy<K, V>> all) {
    return all.stream().map(one -> one.stuck(group)).filter(Objects::nonNull).toList();
  }
}
