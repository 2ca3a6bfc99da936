package dev.millrace.channel.internal;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Receives the signals of a publisher in the publisher's threads, for another thread that asks for
 * one element after the other.
 *
 * <p>No signal blocks, because the requested elements fit in the buffer. All calls to the
 * subscription come from the asking thread, one after the other, as rule 2.7 demands; that is why
 * the first request is not made in {@code onSubscribe}.
 */
public final class Inbox<T> implements Flow.Subscriber<T>, AutoCloseable {

  private final int prefetch;
  private final int batch; // half of the prefetch is under way while the other is used
  private final CountDownLatch subscribed = new CountDownLatch(1);
  private int used; // since the last request
  private final ArrayDeque<T> buffer; // guarded by this
  private boolean over; // guarded by this: the buffer takes no more
  private @Nullable Throwable failure; // guarded by this: thrown after the buffered elements
  private Flow.@Nullable Subscription subscription; // guarded by this
  private boolean abandoned; // guarded by this
  private volatile boolean ended; // by the publisher

  /** An inbox with at most this number of elements requested or buffered; at least 1. */
  public Inbox(int prefetch) {
    if (prefetch < 1) {
      throw new IllegalArgumentException("prefetch must be at least 1, but is " + prefetch);
    }
    this.prefetch = prefetch;
    this.batch = prefetch - prefetch / 2;
    this.buffer = new ArrayDeque<>();
  }

  /** Subscribes, and waits for the subscription; to be closed even if that fails. */
  public void open(Runnable subscribe) throws InterruptedException {
    subscribe.run();
    subscribed.await();
    request(prefetch);
  }

  /**
   * The next element, null at the end; the one before counts as used. Blocks, and throws the
   * failure of the publisher.
   */
  public @Nullable T next() throws Exception {
    if (used == batch) {
      request(batch);
      used = 0;
    }
    used++;
    T element = take();
    if (element == null) {
      throwFailure();
    }
    return element;
  }

  private synchronized @Nullable T take() throws InterruptedException {
    StackReserve.ensure();
    while (buffer.isEmpty() && !over) {
      wait();
    }
    return buffer.poll();
  }

  private void throwFailure() throws Exception {
    switch (failure()) {
      case null -> {}
      case Exception exception -> throw exception;
      case Error error -> throw error;
      case Throwable other -> throw new ExecutionException("the publisher failed", other);
    }
  }

  private synchronized @Nullable Throwable failure() {
    return failure;
  }

  /**
   * The buffer takes no more. The reader gets the buffered elements, and then the failure, if any.
   */
  private synchronized void end(@Nullable Throwable cause) {
    if (!over) {
      over = true;
      failure = cause;
      notifyAll();
    }
  }

  private void request(int count) {
    Flow.Subscription current = current();
    if (current != null && !ended) {
      current.request(count);
    }
  }

  private synchronized Flow.@Nullable Subscription current() {
    return subscription;
  }

  /** Cancels the subscription, if it has not ended. */
  @Override
  public void close() {
    Flow.Subscription current;
    synchronized (this) {
      abandoned = true;
      current = subscription;
    }
    if (current != null && !ended) {
      current.cancel();
    }
    end(null); // later elements are dropped
  }

  @Override
  public void onSubscribe(Flow.Subscription offered) {
    Objects.requireNonNull(offered, "subscription");
    boolean accepted;
    synchronized (this) {
      accepted = subscription == null && !abandoned;
      if (accepted) {
        subscription = offered;
      }
    }
    if (accepted) {
      subscribed.countDown();
    } else {
      offered.cancel();
    }
  }

  @Override
  public void onNext(T element) {
    Objects.requireNonNull(element, "element");
    if (!add(element)) {
      end(
          new IllegalStateException(
              "the publisher has sent more than the %d elements that were requested"
                  .formatted(prefetch)));
    }
  }

  /**
   * Returns false if the buffer has no room. Drops the element after a cancel: the publisher may
   * not know of it yet (rule 2.8).
   */
  private synchronized boolean add(T element) {
    StackReserve.ensure();
    if (!over) {
      if (buffer.size() == prefetch) {
        return false;
      }
      buffer.add(element);
      notifyAll();
    }
    return true;
  }

  @Override
  public void onError(Throwable failure) {
    Objects.requireNonNull(failure, "failure");
    ended = true;
    end(failure);
    subscribed.countDown();
  }

  @Override
  public void onComplete() {
    ended = true;
    end(null);
    subscribed.countDown();
  }
}
