package dev.millrace.stages.internal.reactor;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Code of one thread at a time that another thread may want to interrupt: it is interrupted while
 * it runs, and never afterwards.
 *
 * <p>The thread that enters writes the owner, and then reads the flag. The thread that cancels
 * writes the flag, and then reads the owner. So at least one of the two sees the other; otherwise a
 * cancelled section could run on without an interrupt. A thread that leaves waits for an interrupt
 * that is on its way. It does not clear the interrupt, because the interrupt may be for the code
 * around the section as well.
 *
 * <p>A thread that cancels its own section is not interrupted, because it also runs the code after
 * the cancel. The section has to look at {@link #isCancelled} when that code returns.
 */
final class Section {

  private static final VarHandle OWNER =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "owner", VarHandle.class, Section.class, Object.class);

  private static final Object INTERRUPTED = new Object();

  private final Interrupts interrupts;

  /**
   * The thread inside; null if none is; {@link #INTERRUPTED} once it was interrupted. Written by
   * the thread that enters or leaves, and with compare-and-set by the thread that cancels.
   */
  private volatile @Nullable Object owner;

  /** Written by threads that cancel, under the lock; read by the thread inside. */
  private volatile boolean cancelled;

  /** The last thread inside. Written by the thread that enters, before the owner. */
  private @Nullable Thread last;

  Section(Interrupts interrupts) {
    this.interrupts = interrupts;
  }

  /** Must be followed by {@link #leave}, whatever is returned: false if it is cancelled. */
  boolean enter() {
    Thread current = Thread.currentThread();
    if (last != current) {
      last = current;
    }
    owner = current;
    return !cancelled;
  }

  /** Returns whether the section was interrupted. */
  boolean leave() {
    if (OWNER.getAndSet(this, null) != INTERRUPTED) {
      return false;
    }
    // The interrupt is on its way until its thread gives up the lock. A loop of yields is no way to
    // wait: virtual threads that yield on all carriers can keep that thread from running for ever.
    synchronized (this) {
      return true;
    }
  }

  /** The thread inside; null if none is. By any thread; of the past. */
  @Nullable Thread thread() {
    return owner == null ? null : last;
  }

  boolean isCancelled() {
    return cancelled;
  }

  /** A thread that enters later learns of it by the result; the thread inside is interrupted. */
  synchronized void cancel() {
    cancelled = true;
    if (owner instanceof Thread thread
        && thread != Thread.currentThread()
        && OWNER.compareAndSet(this, thread, INTERRUPTED)) {
      interrupts.interrupt(thread, Interrupts.Reason.UNWANTED);
    }
  }
}
