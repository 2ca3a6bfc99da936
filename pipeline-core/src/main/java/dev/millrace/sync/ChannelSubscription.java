package dev.millrace.sync;

import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.internal.Demand;
import dev.millrace.context.CancellableContext;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Hands the elements of a channel to one subscriber.
 *
 * <p>All signals come from the thread that runs {@link #signal}; a request or a cancellation only
 * notifies that thread. So the signals are serial, and a request inside of {@code onNext} does not
 * make the stack grow. The context belongs to this subscription alone: a cancellation gives up the
 * receive, and does not interrupt the subscriber.
 */
final class ChannelSubscription<T> implements Flow.Subscription {

  /** The cause of the context when the subscriber has cancelled. No code receives it. */
  private static final class Cancelled extends CancellationException {
    private static final long serialVersionUID = 1L;

    Cancelled() {
      super("by the subscriber");
    }

    /** No stack trace: every subscription that ends creates one. */
    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }

  private static final class InvalidDemand extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    InvalidDemand(long count) {
      super(Demand.tooSmall(count));
    }
  }

  private final ReceiveChannel<T> channel;
  private final Flow.Subscriber<? super T> subscriber;
  private final CancellableContext context;
  private long demand; // guarded by this

  ChannelSubscription(
      ReceiveChannel<T> channel,
      Flow.Subscriber<? super T> subscriber,
      CancellableContext context) {
    this.channel = channel;
    this.subscriber = subscriber;
    this.context = context;
  }

  @Override
  public synchronized void request(long count) {
    if (count < 1) {
      context.cancel(new InvalidDemand(count));
    } else {
      long sum = demand + count;
      demand = sum < 0 ? Long.MAX_VALUE : sum;
    }
    notifyAll();
  }

  @Override
  public synchronized void cancel() {
    context.cancel(new Cancelled());
    notifyAll();
  }

  /** Gives the signals, until there are no more. */
  boolean signal() {
    try {
      signalElements();
    } finally {
      context.cancel(new Cancelled()); // for a subscriber that has thrown; the others have ended
    }
    return true;
  }

  private void signalElements() {
    for (long left = 0; ; left--) {
      T element;
      try {
        if (left == 0) {
          left = awaitDemand();
        }
        element = channel.receiveOrNull(context);
      } catch (ChannelClosedException e) {
        Throwable cause = e.getCause();
        end(cause == null ? e : cause);
        return;
      } catch (CancellationException | InterruptedException e) {
        end(stopped());
        return;
      }
      if (element == null) {
        end(null);
        return;
      }
      subscriber.onNext(element);
    }
  }

  /** Takes the whole demand, or at least 1 if the channel is at its end. */
  private long awaitDemand() throws InterruptedException {
    boolean atEnd = channel.isClosed() && channel.size() == 0; // signalled without demand
    synchronized (this) {
      while (demand == 0 && !context.isCancelled() && !atEnd) {
        wait();
      }
      long all = demand;
      demand = 0;
      return Math.max(1, all);
    }
  }

  /** The failure for signals that end before the channel does. */
  Throwable stopped() {
    Throwable cause = context.cause();
    if (cause instanceof Cancelled || cause instanceof InvalidDemand) {
      return cause;
    }
    var exception = new CancellationException("the thread of the subscription was stopped");
    exception.initCause(cause);
    return exception;
  }

  /** Gives the last signal, unless the subscriber has cancelled. */
  void end(@Nullable Throwable failure) {
    boolean told = !(context.cause() instanceof Cancelled);
    context.cancel(new Cancelled());
    if (told && failure == null) {
      subscriber.onComplete();
    } else if (told) {
      subscriber.onError(failure);
    }
  }
}
