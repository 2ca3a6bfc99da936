package dev.millrace.stages.internal.reactor;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Source;
import dev.millrace.stages.internal.wait.Signal;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.ContextView;

/**
 * Reads a publisher: publisher threads fill a queue sized to the outstanding request; the source
 * thread drains it.
 */
public final class PublisherCursor<T> implements CoreSubscriber<T>, Source.Cursor<T> {

  /**
   * When the source thread has taken this number of elements, it requests the same number again.
   */
  private static final int BATCH = Prefetch.PUBLISHER - Prefetch.PUBLISHER / 4;

  private final Queue<T> queue = Queues.<T>get(Prefetch.PUBLISHER).get();
  private final reactor.util.context.Context reactorContext;
  private int taken;
  private boolean closed; // guarded by this
  private @Nullable Subscription upstream; // guarded by this
  private @Nullable Throwable failure; // written before done
  private volatile boolean done;
  private final Signal arrived = new Signal();

  private PublisherCursor(reactor.util.context.Context reactorContext) {
    this.reactorContext = reactorContext;
  }

  /** Subscribes to the publisher, in the calling thread. */
  public static <T> PublisherCursor<T> subscribe(
      Publisher<? extends T> publisher, Context context) {
    ContextView carried = context.value(PipeFlux.REACTOR_CONTEXT);
    var cursor =
        new PublisherCursor<T>(
            reactor.util.context.Context.empty()
                .putAll(carried == null ? reactor.util.context.Context.empty() : carried)
                .put(Context.class, context));
    Flux.<T>from(publisher).subscribe(cursor);
    return cursor;
  }

  @Override
  public reactor.util.context.Context currentContext() {
    return reactorContext;
  }

  // In the threads of the publisher

  @Override
  public void onSubscribe(Subscription subscription) {
    boolean accepted;
    synchronized (this) {
      accepted = Operators.validate(upstream, subscription) && !closed;
      if (accepted) {
        upstream = subscription;
      }
    }
    if (accepted) {
      subscription.request(Prefetch.PUBLISHER);
    } else if (upstream == null) {
      subscription.cancel();
    }
  }

  @Override
  public void onNext(T element) {
    if (queue.offer(element)) {
      arrived.signal();
    } else {
      end(new IllegalStateException("the publisher has sent more than was requested"));
    }
  }

  @Override
  public void onError(Throwable failure) {
    end(failure);
  }

  @Override
  public void onComplete() {
    end(null);
  }

  private void end(@Nullable Throwable why) {
    if (!done) {
      failure = why;
      done = true;
      arrived.signal();
    }
  }

  // In that of the source

  @Override
  public @Nullable T next() throws Exception {
    T element = queue.poll();
    if (element == null) {
      element = await();
    }
    if (element != null && ++taken == BATCH) {
      taken = 0;
      Objects.requireNonNull(upstream).request(BATCH);
    }
    return element;
  }

  private @Nullable T await() throws Exception {
    arrived.await(
        WaitStrategy.PARK,
        () -> queue.peek() != null || done, // isEmpty may be false before poll has the element
        interrupted -> {
          if (interrupted) {
            throw new InterruptedException();
          }
        });
    T element = queue.poll();
    if (element == null) { // the last one was taken before the end came
      throwFailure();
    }
    return element;
  }

  private void throwFailure() throws Exception {
    switch (failure) {
      case Exception e -> throw e;
      case Error e -> throw e;
      case null -> {}
      case Throwable e -> throw new ExecutionException(e);
    }
  }

  @Override
  public void close() {
    Subscription subscription;
    synchronized (this) {
      closed = true;
      subscription = upstream;
    }
    if (subscription != null) {
      subscription.cancel();
    }
  }
}
