package dev.millrace.context;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.internal.DoneChannels;
import dev.millrace.channel.internal.Ending;
import dev.millrace.channel.internal.Flight;
import dev.millrace.channel.internal.StackReserve;
import dev.millrace.channel.internal.Timers;
import java.util.Objects;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A context that can be cancelled.
 *
 * <p>A context knows its cancellable descendants through {@link Listener}s. Parent and child forget
 * each other when one ends. A tree is cancelled from the top, level by level and without recursion,
 * so its depth does not matter. The first pass marks the whole tree. The second pass closes the
 * done channels and calls the listeners. So a listener finds every descendant cancelled. The
 * deadlines share one scheduler, {@link Timers}.
 */
final class CancelContext extends AbstractContext implements CancellableContext, Ending {

  private final @Nullable CancelContext above;
  private final Listener.Child link = new Listener.Child(this);
  private final @Nullable Deadline deadline;
  private volatile @Nullable Throwable cause;
  private @Nullable Channel<Void> done;
  private @Nullable ReceiveChannel<Void> doneView;
  private @Nullable Listener listeners;
  private @Nullable Future<?> timer;

  /** The next context that the same call of {@link #cancel} has marked; used by its thread only. */
  private @Nullable CancelContext nextMarked;

  private CancelContext(AbstractContext parent, @Nullable Deadline deadline) {
    super(parent);
    this.above = parent.canceller();
    this.deadline = deadline;
  }

  static CancelContext child(AbstractContext parent, @Nullable Deadline deadline) {
    StackReserve.ensureOverChannels();
    var child = new CancelContext(parent, deadline);
    if (child.above != null && !child.above.add(child.link)) {
      child.cause = child.above.cause;
    }
    return child;
  }

  void startTimer(Deadline at, @Nullable Throwable reason) {
    long left = at.left();
    if (left <= 0) {
      expire(at, reason);
      return;
    }
    synchronized (this) {
      if (cause == null) {
        timer = Timers.schedule(() -> expire(at, reason), left);
      }
    }
  }

  private void expire(Deadline at, @Nullable Throwable reason) {
    synchronized (this) {
      timer = null; // it need not be called off
    }
    if (cause == null) {
      cancel(new DeadlineExceededException(at, reason));
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

  /** Its own deadline, or the one that it has inherited. */
  @Nullable Deadline end() {
    return deadline;
  }

  @Override
  public synchronized ReceiveChannel<Void> done() {
    ReceiveChannel<Void> view = doneView;
    if (view == null) {
      Channel<Void> channel = newDone();
      if (cause != null) {
        channel.close();
      }
      done = channel;
      view = channel.receiveOnly();
      doneView = view;
    }
    return view;
  }

  @SuppressWarnings("unchecked") // channels of contexts carry nothing
  private Channel<Void> newDone() {
    var _ = Channel.never(); // initializes the class
    return DoneChannels.of(Channel.class, this);
  }

  @Override
  public boolean hasEnded() {
    return cause != null;
  }

  @Override
  public void cancel() {
    if (cause == null) {
      cancel(new ContextCancelledException());
    }
  }

  @Override
  public void cancel(Throwable why) {
    StackReserve.ensureOverChannels();
    Objects.requireNonNull(why, "cause");
    if (!mark(why)) {
      return;
    }
    CancelContext last = this;
    for (CancelContext marked = this; marked != null; marked = marked.nextMarked) {
      last = marked.markChildren(why, last);
    }
    if (above != null) {
      above.remove(link);
    }
    Listener.AfterFunc functions = null;
    for (CancelContext marked = this; marked != null; ) {
      CancelContext next = marked.nextMarked;
      marked.nextMarked = null;
      functions = marked.tell(functions);
      marked = next;
    }
    if (functions != null) {
      AfterFuncs.start(functions);
    }
    Flight.cancelled(why);
  }

  /** Ends this context alone, and calls no listener; false if it has ended. */
  private synchronized boolean mark(Throwable why) {
    if (cause != null) {
      return false;
    }
    cause = why;
    return true;
  }

  /** Marks the children, and appends them to the chain that ends at {@code last}; its new end. */
  private synchronized CancelContext markChildren(Throwable why, CancelContext last) {
    CancelContext end = last;
    for (Listener listener = listeners; listener != null; listener = listener.next) {
      if (listener instanceof Listener.Child child && child.context.mark(why)) {
        end.nextMarked = child.context;
        end = child.context;
      }
    }
    return end;
  }

  /**
   * Closes the done channel, and calls the listeners. The children are marked already.
   *
   * @return the functions of the user, in front of {@code functions}
   */
  private Listener.@Nullable AfterFunc tell(Listener.@Nullable AfterFunc functions) {
    Listener first;
    Channel<Void> channel;
    Future<?> scheduled;
    synchronized (this) {
      first = listeners;
      listeners = null;
      for (Listener listener = first; listener != null; listener = listener.next) {
        listener.linked = false;
        listener.previous = null;
      }
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
    Listener.AfterFunc collected = functions;
    for (Listener listener = first; listener != null; ) {
      Listener next = listener.next;
      listener.next = null;
      switch (listener) {
        case Listener.Notice notice -> notice.action.run();
        case Listener.AfterFunc function -> {
          function.next = collected;
          collected = function;
        }
        default -> {} // a child
      }
      listener = next;
    }
    return collected;
  }

  /** Tells the listener once this context is cancelled: at once, if it is. */
  Registered register(Listener listener) {
    StackReserve.ensureOverChannels();
    if (!add(listener)) {
      switch (listener) {
        case Listener.Notice notice -> notice.action.run();
        case Listener.AfterFunc function -> AfterFuncs.start(function);
        default -> throw new AssertionError(listener);
      }
    }
    return () -> remove(listener);
  }

  /** Adds the listener, unless this context is cancelled. */
  private synchronized boolean add(Listener listener) {
    if (cause != null) {
      return false;
    }
    Listener first = listeners;
    listener.next = first;
    if (first != null) {
      first.previous = listener;
    }
    listeners = listener;
    listener.linked = true;
    return true;
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

  /** The number of listeners to call when this context is cancelled. */
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
        + (deadline == null ? "" : "deadline " + deadline.instant() + ", ")
        + (why == null ? "active" : "cancelled: " + why)
        + "]";
  }
}
