package dev.millrace.context;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A node in a context's list of the parties that a cancellation must reach, so that the context
 * forgets a party in constant time. The context's monitor guards the links until the context
 * detaches the list; after that they belong to the cancelling thread.
 */
sealed class Listener {

  @Nullable Listener previous;
  @Nullable Listener next;

  /** Whether it stands in the list. */
  boolean linked;

  /** A context below this one. */
  static final class Child extends Listener {
    final CancelContext context;

    Child(CancelContext context) {
      this.context = context;
    }
  }

  /** Code of this library that runs in the cancelling thread: it neither throws nor blocks. */
  static final class Notice extends Listener {
    final Runnable action;

    Notice(Runnable action) {
      this.action = action;
    }
  }

  /** A function of the user, which runs in a thread of its own, and once; see AfterFuncs. */
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

    @SuppressWarnings("unused") // through BEGUN
    private volatile boolean begun;

    /** A {@link System#nanoTime}, of the starter. */
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
