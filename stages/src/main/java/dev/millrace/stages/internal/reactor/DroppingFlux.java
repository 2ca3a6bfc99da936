package dev.millrace.stages.internal.reactor;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Elements wait in a buffer until they are requested; while it is full, elements are dropped. The
 * input is never held up.
 *
 * <p>Reactor's {@code onBackpressureBuffer} loses the last element at times, seen in 3.8.7: it
 * looks first whether the buffer is empty, and then whether the input has ended. If the last
 * element and the end come in between, the operator reports only the end.
 */
final class DroppingFlux extends Flux<Object> {

  /** Which element is dropped when the buffer is full. */
  enum Drops {
    OLDEST,
    NEWEST
  }

  private final Flux<Object> input;
  private final int capacity;
  private final Drops drops;
  private final Consumer<Object> onDrop;
  private final Consumer<? super Throwable> onError;

  /**
   * The elements of the input that are not dropped.
   *
   * @param onDrop gets each dropped element, in the thread that brings an element
   * @param onError stops the run; gets an exception of {@code onDrop}
   */
  DroppingFlux(
      Flux<Object> input,
      int capacity,
      Drops drops,
      Consumer<Object> onDrop,
      Consumer<? super Throwable> onError) {
    this.input = input;
    this.capacity = capacity;
    this.drops = drops;
    this.onDrop = onDrop;
    this.onError = onError;
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    input.subscribe(new Dropping(actual));
  }

  private final class Dropping implements CoreSubscriber<Object>, Subscription {
    private final CoreSubscriber<? super Object> actual;

    /** Guarded by this. */
    private final Deque<Object> buffer = new ArrayDeque<>();

    @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
    private Subscription upstream;

    /**
     * 0 if no thread gives elements; more than 1 if there is something new to do. The thread that
     * raises it from 0 gives elements until it has lowered it to 0.
     */
    private final AtomicInteger work = new AtomicInteger();

    /** The elements that the subscriber still asks for. */
    private final AtomicLong demand = new AtomicLong();

    /** Set by the thread that ends the input; read by the thread that gives elements. */
    private volatile boolean ended;

    /** Set by a thread that cancels; read by all. */
    private volatile boolean cancelled;

    /** Whether the subscriber has had the end. Of the thread that gives elements. */
    private boolean completed;

    private Dropping(CoreSubscriber<? super Object> actual) {
      this.actual = actual;
    }

    // The input

    @Override
    public void onSubscribe(Subscription subscription) {
      upstream = subscription;
      actual.onSubscribe(this);
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(Object element) {
      Object dropped = put(element);
      if (dropped != null) {
        try {
          onDrop.accept(dropped);
        } catch (Throwable e) {
          cancel();
          onError.accept(e);
          return;
        }
      }
      if (dropped != element) {
        work();
      }
    }

    /** Returns the element that has no room; null if there is room for all. */
    private synchronized @Nullable Object put(Object element) {
      if (buffer.size() < capacity) {
        buffer.add(element);
        return null;
      }
      if (drops == Drops.NEWEST) {
        return element;
      }
      Object oldest = buffer.poll();
      buffer.add(element);
      return oldest;
    }

    @Override
    public void onComplete() {
      ended = true;
      work();
    }

    @Override
    public void onError(Throwable failure) {
      onError.accept(failure);
    }

    @Override
    public Context currentContext() {
      return actual.currentContext();
    }

    // The subscriber

    @Override
    public void request(long n) {
      if (Operators.validate(n)) {
        demand.accumulateAndGet(n, Operators::addCap);
        work();
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      upstream.cancel();
    }

    // The thread that gives elements

    private void work() {
      if (work.getAndIncrement() == 0) {
        int seen = 1;
        do {
          give();
          seen = work.addAndGet(-seen);
        } while (seen != 0);
      }
    }

    private void give() {
      long asked = demand.get();
      long given = 0;
      while (!cancelled && !completed) {
        boolean last = ended; // before the look into the buffer
        Object element = next(given != asked);
        if (element == null) {
          completed = last;
          if (last) {
            actual.onComplete();
          }
          break;
        }
        if (given == asked) {
          break;
        }
        given++;
        actual.onNext(element);
      }
      if (asked != Long.MAX_VALUE) {
        demand.addAndGet(-given);
      }
    }

    private synchronized @Nullable Object next(boolean takes) {
      return takes ? buffer.poll() : buffer.peek();
    }
  }
}
