package dev.millrace.context;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A node in a context's list of listeners: child contexts and functions that a cancellation must
 * reach. A doubly linked list, so that a listener can be removed in constant time. The context's
 * monitor guards the links until the context detaches the list. After that, only the cancelling
 * thread uses them.
 */
sealed class Listener {

  @Nullable Listener previous;
  @Nullable Listener next;

  /** Whether this node is in the list. */
  boolean linked;

  /** A context below this one. */
  static final class Child extends Listener {
    final CancelContext context;

    Child(CancelContext context) {
      this.context = context;
    }
  }

  /** Code of this library that runs in the cancelling thread. It must neither throw nor block. */
  static final class Notice extends Listener {
    final Runnable action;

    Notice(Runnable action) {
      this.action = action;
    }
  }

  /**
   * A function of the user. It runs at most once, in a thread of its own; see {@link AfterFuncs}.
   */
  static final class AfterFunc extends Listener implements Runnable {

    private static final VarHandle BEGUN;

    static {
      try {
        BEGUN = MethodHandles.lookup().findVarHandle(AfterFunc.class, "begun", boolean.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private final Runnable action;

    @SuppressWarnings("unused") // accessed through BEGUN
    private volatile boolean begun;

    /** The {@link System#nanoTime} of its start. Used by the starter's thread only. */
    long startedAt;

    AfterFunc(Runnable action) {
      this.action = action;
    }

    boolean hasBegun() {
      return begun;
    }

    @Override
    public void run() {
      if (BEGUN.compareAndSet(this, false, true)) {
        action.run();
      }
    }
  }
}
