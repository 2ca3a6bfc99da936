package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.wait.Signal;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * Spreads a flux over lanes, in the thread that brings the elements; that thread waits for lanes
 * that have no room. Each lane has a thread of its own.
 *
 * <p>Reactor's {@code publish} would do for a broadcast, but not while a lane has no subscriber
 * yet, or has lost its subscriber. {@code groupBy}, for the partitions, hangs when a group is not
 * consumed.
 */
abstract class SpreadFlux extends Flux<Object> {

  /** The elements of one branch. */
  abstract static class Lane extends Flux<Object> {

    /** The branch has ended, with or without its lane. */
    abstract void cancel();
  }

  final Execution execution;
  final Account account;

  /** Where the thread that brings the elements waits for room. */
  final Signal signal = new Signal();

  private final Part input;

  /** How many lanes take elements. Read by any thread. */
  private final AtomicInteger open = new AtomicInteger();

  @SuppressWarnings("NullAway.Init") // when the branches are compiled
  private Flux<Object> merged;

  /** Written once by the thread that subscribes; read by lanes that are cancelled. */
  private volatile @Nullable Subscription upstream;

  SpreadFlux(Execution execution, Part input, Account account) {
    this.execution = execution;
    this.input = input;
    this.account = account;
    execution.calls().add(signal);
  }

  /** Adds a lane, with an account for the elements that go into it. */
  final Lane add(Account into) {
    open.incrementAndGet();
    return lane(into);
  }

  abstract Lane lane(Account into);

  /** Sets the elements that the branches emit. */
  final void emit(Flux<Object> merged) {
    // A subscriber that takes no element cancels before the branches are subscribed to; no lane
    // sees that.
    this.merged = merged.doOnCancel(this::cancelLanes);
  }

  abstract void cancelLanes();

  /** Whether no lane takes elements any more. */
  final boolean isLeft() {
    return open.get() == 0;
  }

  /** Gives an element that is counted as received to lanes. */
  abstract void spread(Object element);

  /** There are no more elements. */
  abstract void complete();

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    merged.subscribe(actual);
    input.flux().subscribe(new Spread());
  }

  /** A lane takes no more elements. Called once by each. */
  final void left() {
    open.decrementAndGet();
    signal.signalAfterFence();
    Subscription subscription = upstream;
    if (subscription != null && isLeft()) {
      subscription.cancel();
    }
  }

  private final class Spread implements CoreSubscriber<Object> {
    private final Runnable tap = input.tap();

    @Override
    public void onSubscribe(Subscription subscription) {
      if (Operators.validate(upstream, subscription)) {
        upstream = subscription;
        if (isLeft()) {
          subscription.cancel();
        } else {
          subscription.request(Long.MAX_VALUE);
        }
      }
    }

    @Override
    public void onNext(Object element) {
      if (!execution.isStopped() && !isLeft()) {
        tap.run();
        account.received();
        spread(element);
      }
    }

    @Override
    public void onComplete() {
      complete();
    }

    @Override
    public void onError(Throwable failure) {
      execution.fail(failure);
    }
  }
}
