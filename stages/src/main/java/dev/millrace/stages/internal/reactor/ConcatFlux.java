package dev.millrace.stages.internal.reactor;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The elements of one input after the other. The thread that ends an input subscribes to the next
 * one.
 *
 * <p>Reactor's {@code concat} has two faults that a run cannot live with, both seen in 3.8.7. If
 * the subscriber cancels while the next input is subscribed to, that input may never hear of it.
 * And the thread that has subscribed may have to report the end, before it subscribes to the other
 * inputs of a stage that waits for them.
 */
final class ConcatFlux extends Flux<Object> {

  private final List<Flux<Object>> inputs;
  private final Consumer<? super Throwable> onError;

  /**
   * The flux of these inputs.
   *
   * @param onError stops the run; gets the error that an input ends with
   */
  ConcatFlux(List<Flux<Object>> inputs, Consumer<? super Throwable> onError) {
    this.inputs = inputs;
    this.onError = onError;
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    var concatenation = new Concatenation(actual);
    actual.onSubscribe(concatenation);
    concatenation.next();
  }

  /** Subscribes to all inputs; the subscriber requests from this object. */
  private final class Concatenation implements CoreSubscriber<Object>, Subscription {
    private final CoreSubscriber<? super Object> actual;

    /** The index of the next input. Of the thread that ends an input. */
    private int next;

    /** The elements that the present input has given. Of the thread that gives them. */
    private long given;

    /** The requested elements that the inputs before have not given; guarded by this. */
    private long demand;

    /** Null between two inputs; guarded by this. */
    private @Nullable Subscription input;

    /** Set once; guarded by this. */
    private boolean cancelled;

    private Concatenation(CoreSubscriber<? super Object> actual) {
      this.actual = actual;
    }

    private void next() {
      if (next == inputs.size()) {
        actual.onComplete();
      } else {
        inputs.get(next++).subscribe(this);
      }
    }

    // The subscriber

    @Override
    public void request(long n) {
      if (Operators.validate(n)) {
        Subscription present;
        synchronized (this) {
          demand = Operators.addCap(demand, n);
          present = input;
        }
        if (present != null) {
          present.request(n);
        }
      }
    }

    @Override
    public void cancel() {
      Subscription present;
      synchronized (this) {
        cancelled = true;
        present = input;
      }
      if (present != null) {
        present.cancel();
      }
    }

    // The inputs

    @Override
    public void onSubscribe(Subscription subscription) {
      long requested;
      boolean unwanted;
      synchronized (this) {
        input = subscription;
        requested = demand;
        unwanted = cancelled;
      }
      if (unwanted) {
        subscription.cancel();
      } else if (requested > 0) {
        subscription.request(requested);
      }
    }

    @Override
    public void onNext(Object element) {
      given++;
      actual.onNext(element);
    }

    @Override
    public void onComplete() {
      boolean wanted;
      synchronized (this) {
        input = null;
        if (demand != Long.MAX_VALUE) {
          demand -= given;
        }
        given = 0;
        wanted = !cancelled;
      }
      if (wanted) {
        next();
      }
    }

    @Override
    public void onError(Throwable failure) {
      onError.accept(failure);
    }

    @Override
    public Context currentContext() {
      return actual.currentContext();
    }
  }
}
