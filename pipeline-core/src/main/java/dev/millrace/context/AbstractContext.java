package dev.millrace.context;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.internal.CancelSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The common part of all contexts: a parent, and the nearest ancestor that can be cancelled.
 * Thread-safe.
 */
abstract sealed class AbstractContext implements Context, CancelSource
    permits CancelContext, PlainContext {

  /** The registration of a function of the user, or of a listener of this library. */
  @FunctionalInterface
  interface Registered extends Registration, Listening {
    @Override
    boolean stop();
  }

  static final ScopedValue<Context> CURRENT = ScopedValue.newInstance();

  private final @Nullable AbstractContext parent;

  /** Of this context or of the nearest ancestor that has one; null if there is none. */
  private final @Nullable Surrounding surrounding;

  AbstractContext(@Nullable AbstractContext parent) {
    this(parent, parent == null ? null : parent.surrounding);
  }

  AbstractContext(@Nullable AbstractContext parent, @Nullable Surrounding surrounding) {
    this.parent = parent;
    this.surrounding = surrounding;
  }

  @Override
  public Context withSurrounding(Surrounding around) {
    return new PlainContext(this, canceller(), Objects.requireNonNull(around, "surrounding"));
  }

  @Override
  public void run(Runnable action) {
    if (surrounding == null) {
      ScopedValue.where(CURRENT, this).run(action);
      return;
    }
    Runnable undo = surrounding.open();
    try {
      ScopedValue.where(CURRENT, this).run(action);
    } finally {
      undo.run();
    }
  }

  @Override
  public <T extends @Nullable Object> T call(Callable<T> function) throws Exception {
    if (surrounding == null) {
      return ScopedValue.where(CURRENT, this).call(function::call);
    }
    Runnable undo = surrounding.open();
    try {
      return ScopedValue.where(CURRENT, this).call(function::call);
    } finally {
      undo.run();
    }
  }

  /** The nearest context that can be cancelled, starting with this one; null if there is none. */
  abstract @Nullable CancelContext canceller();

  /**
   * The value that this context itself carries for the key, without its ancestors; null if none.
   */
  abstract @Nullable Object ownValue(Key<?> key);

  @Override
  public ReceiveChannel<Void> done() {
    CancelContext canceller = canceller();
    return canceller == null ? Channel.never() : canceller.done();
  }

  @Override
  public @Nullable Throwable cause() {
    CancelContext canceller = canceller();
    return canceller == null ? null : canceller.cause();
  }

  @Override
  public @Nullable Instant deadline() {
    Deadline own = ownDeadline();
    return own == null ? null : own.instant();
  }

  private @Nullable Deadline ownDeadline() {
    CancelContext canceller = canceller();
    return canceller == null ? null : canceller.end();
  }

  @Override
  public CancellableContext withCancel() {
    return CancelContext.child(this, ownDeadline());
  }

  @Override
  public CancellableContext withDeadline(Instant deadline) {
    return withDeadline(deadline, Time.wallClock());
  }

  @Override
  public CancellableContext withDeadline(Instant deadline, Throwable cause) {
    return ending(atInstant(deadline, Time.wallClock()), Objects.requireNonNull(cause, "cause"));
  }

  CancellableContext withDeadline(Instant deadline, InstantSource wallClock) {
    return ending(atInstant(deadline, wallClock), null);
  }

  private static Deadline atInstant(Instant deadline, InstantSource wallClock) {
    return Deadline.at(Objects.requireNonNull(deadline, "deadline"), wallClock);
  }

  @Override
  public CancellableContext withTimeout(Duration timeout) {
    return ending(Deadline.after(Objects.requireNonNull(timeout, "timeout")), null);
  }

  @Override
  public CancellableContext withTimeout(Duration timeout, Throwable cause) {
    Objects.requireNonNull(timeout, "timeout");
    return ending(Deadline.after(timeout), Objects.requireNonNull(cause, "cause"));
  }

  private CancellableContext ending(Deadline deadline, @Nullable Throwable cause) {
    Deadline inherited = ownDeadline();
    if (inherited != null && !deadline.isBefore(inherited)) {
      return withCancel();
    }
    CancelContext child = CancelContext.child(this, deadline);
    child.startTimer(deadline, cause);
    return child;
  }

  @Override
  public <T> Context withValue(Key<T> key, T value) {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    return new PlainContext(this, canceller(), key, value);
  }

  @Override
  public Context withoutCancel() {
    return new PlainContext(this, null, null, null);
  }

  @Override
  @SuppressWarnings("unchecked") // withValue takes a value of the key's type only
  public <T> @Nullable T value(Key<T> key) {
    Objects.requireNonNull(key, "key");
    for (AbstractContext context = this; context != null; context = context.parent) {
      Object value = context.ownValue(key);
      if (value != null) {
        return (T) value;
      }
    }
    return null;
  }

  @Override
  public Registration afterFunc(Runnable action) {
    return register(new Listener.AfterFunc(Objects.requireNonNull(action, "action")));
  }

  @Override
  public Listening listen(Runnable listener) {
    return register(new Listener.Notice(Objects.requireNonNull(listener, "listener")));
  }

  private Registered register(Listener listener) {
    CancelContext canceller = canceller();
    return canceller == null ? new NeverCancelled() : canceller.register(listener);
  }

  /**
   * The registration of a context that is never cancelled: the function never runs. The first
   * {@code stop} returns true, later ones false.
   */
  private static final class NeverCancelled implements Registered {
    private boolean stopped;

    @Override
    public synchronized boolean stop() {
      boolean first = !stopped;
      stopped = true;
      return first;
    }
  }
}
