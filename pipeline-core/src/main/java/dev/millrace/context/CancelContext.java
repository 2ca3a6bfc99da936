package dev.millrace.context;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.internal.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A context that can be cancelled.
 *
 * <p>It knows its descendants that can be cancelled, through {@link Listener}s; they forget each
 * other when one ends. A tree is cancelled from the top, level by level and without recursion, so
 * that its depth does not matter. The deadlines share one scheduler, {@link Timers}.
 */
final class CancelContext extends AbstractContext implements CancellableContext {

  /** The cause of a context that was cancelled without one. */
  private static final class Cancelled extends CancellationException {
    private static final long serialVersionUID = 1L;

    Cancelled() {
      super("context cancelled");
    }

    /** Cheap: every scope that ends makes one. */
    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }

  /** Stands in the parent's list for a child. */
  private static final class Child extends Listener {
    final CancelContext context;

    Child(CancelContext context) {
      this.context = context;
    }

    @Override
    void cancelled(Throwable cause) {
      context.cancel(cause);
    }
  }

  private final @Nullable CancelContext above;
  private final Child link = new Child(this);
  private final @Nullable Instant deadline;
  private volatile @Nullable Throwable cause;
  private @Nullable Channel<Void> done;
  private @Nullable Listener listeners;
  private @Nullable Future<?> timer;

  private CancelContext(AbstractContext parent, @Nullable Instant deadline) {
    super(parent);
    this.above = parent.canceller();
    this.deadline = deadline;
  }

  static CancelContext child(AbstractContext parent, @Nullable Instant deadline) {
    var child = new CancelContext(parent, deadline);
    if (child.above != null) {
      child.above.add(child.link);
    }
    return child;
  }

  void startTimer(Instant at) {
    Duration left = Duration.between(Instant.now(), at);
    if (!left.isPositive()) {
      cancel(new DeadlineExceededException(at));
      return;
    }
    synchronized (this) {
      if (cause == null) {
        timer =
            Timers.schedule(() -> cancel(new DeadlineExceededException(at)), Timers.toNanos(left));
      }
    }
  }

  @Override
  CancelContext canceller() {
    return this;
  }

  @Override
  @Nullable Object ownValue(Key<?> key) {
    return null;
  }

  @Override
  public @Nullable Throwable cause() {
    return cause;
  }

  @Override
  public @Nullable Instant deadline() {
    return deadline;
  }

  @Override
  public synchronized ReceiveChannel<Void> done() {
    Channel<Void> channel = done;
    if (channel == null) {
      channel = Channel.rendezvous();
      if (cause != null) {
        channel.close();
      }
      done = channel;
    }
    return channel;
  }

  @Override
  public void cancel() {
    if (cause == null) {
      cancel(new Cancelled());
    }
  }

  @Override
  public void cancel(Throwable why) {
    Objects.requireNonNull(why, "cause");
    var pending = new ArrayDeque<Listener>();
    if (!end(why, pending)) {
      return;
    }
    if (above != null) {
      above.remove(link);
    }
    for (Listener listener; (listener = pending.poll()) != null; ) {
      if (listener instanceof Child child) {
        child.context.end(why, pending);
      } else {
        listener.cancelled(why);
      }
    }
  }

  /** Ends this very context; false if it has ended. Its listeners are added to {@code pending}. */
  private boolean end(Throwable why, ArrayDeque<Listener> pending) {
    Channel<Void> channel;
    Future<?> scheduled;
    synchronized (this) {
      if (cause != null) {
        return false;
      }
      cause = why;
      for (Listener listener = listeners; listener != null; ) {
        Listener next = listener.next;
        listener.linked = false;
        listener.previous = null;
        listener.next = null;
        pending.add(listener);
        listener = next;
      }
      listeners = null;
      channel = done;
      scheduled = timer;
      timer = null;
    }
    if (channel != null) {
      channel.close();
    }
    if (scheduled != null) {
      scheduled.cancel(false);
    }
    return true;
  }

  /** Tells the listener once this context is cancelled: at once, if it is. */
  Registration register(Listener listener) {
    add(listener);
    return () -> remove(listener);
  }

  private void add(Listener listener) {
    synchronized (this) {
      if (cause == null) {
        Listener first = listeners;
        listener.next = first;
        if (first != null) {
          first.previous = listener;
        }
        listeners = listener;
        listener.linked = true;
        return;
      }
    }
    listener.cancelled(Objects.requireNonNull(cause));
  }

  private synchronized boolean remove(Listener listener) {
    if (!listener.linked) {
      return false;
    }
    listener.linked = false;
    if (listener.previous == null) {
      listeners = listener.next;
    } else {
      listener.previous.next = listener.next;
    }
    if (listener.next != null) {
      listener.next.previous = listener.previous;
    }
    listener.previous = null;
    listener.next = null;
    return true;
  }

  /** How many are to be told when this context is cancelled. */
  synchronized int listeners() {
    int count = 0;
    for (Listener listener = listeners; listener != null; listener = listener.next) {
      count++;
    }
    return count;
  }

  @Override
  public String toString() {
    Throwable why = cause;
    return "Context["
        + (deadline == null ? "" : "deadline " + deadline + ", ")
        + (why == null ? "active" : "cancelled: " + why)
        + "]";
  }
}
