package dev.millrace.channel;

import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Receives the signals of a publisher in the publisher's threads, and sends the elements on in the
 * thread that calls {@link #run}.
 *
 * <p>No signal blocks: what was requested fits in the buffer. All calls to the subscription come
 * from the running thread, one after the other, as rule 2.7 demands; that is why the first request
 * is not made in {@code onSubscribe}.
 */
final class Inbox<T> implements Flow.Subscriber<T> {

  private final int prefetch;
  private final Channel<T> buffer;
  private final CountDownLatch subscribed = new CountDownLatch(1);
  private Flow.@Nullable Subscription subscription; // guarded by this
  private boolean abandoned; // guarded by this
  private volatile boolean ended; // by the publisher

  Inbox(int prefetch) {
    this.prefetch = prefetch;
    this.buffer = Channel.buffered(prefetch);
  }

  /** Subscribes, and sends on what comes, until the end of one side or the other. */
  void run(Runnable subscribe, SendChannel<? super T> out) throws Exception {
    try {
      subscribe.run();
      subscribed.await();
      sendTo(out);
    } finally {
      abandon();
    }
  }

  private void sendTo(SendChannel<? super T> out) throws Exception {
    request(prefetch);
    int batch =
        prefetch - prefetch / 2; // half of the prefetch is under way while the other is used
    int sent = 0;
    for (T element; (element = next()) != null; ) {
      out.send(element);
      if (++sent == batch) {
        request(batch);
        sent = 0;
      }
    }
  }

  private @Nullable T next() throws Exception {
    try {
      return buffer.receiveOrNull();
    } catch (ChannelClosedException e) {
      switch (Objects.requireNonNull(e.getCause())) {
        case Exception failure -> throw failure;
        case Error error -> throw error;
        case Throwable other -> throw new ExecutionException("the publisher failed", other);
      }
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

  private void abandon() {
    Flow.Subscription current;
    synchronized (this) {
      abandoned = true;
      current = subscription;
    }
    if (current != null && !ended) {
      current.cancel();
    }
    buffer.close(); // what still comes is dropped
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
    try {
      if (!buffer.trySend(element)) {
        buffer.close(
            new IllegalStateException(
                "the publisher has sent more than the %d elements that were requested"
                    .formatted(prefetch)));
      }
    } catch (ChannelClosedException e) {
      // Cancelled, and the publisher does not know yet (rule 2.8).
    }
  }

  @Override
  public void onError(Throwable failure) {
    Objects.requireNonNull(failure, "failure");
    ended = true;
    buffer.close(failure);
    subscribed.countDown();
  }

  @Override
  public void onComplete() {
    ended = true;
    buffer.close();
    subscribed.countDown();
  }
}
