package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.run.Keys;
import dev.millrace.stages.internal.run.Unwind;
import dev.millrace.stages.internal.wait.Signal;
import java.util.ArrayList;
import java.util.List;
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
final class FanOutFlux extends Flux<Object> {

  private final Execution execution;
  private final Part input;
  private final Node.FanOut<Object, Object> node;
  private final Account account;
  private final List<Lane> lanes = new ArrayList<>();
  private final Signal signal = new Signal();
  private final int order;

  /** The thread that computes a key. Written by that thread, read by any. */
  private @Nullable Thread keying;

  @SuppressWarnings("NullAway.Init") // when the branches are compiled
  private Flux<Object> merged;

  /** Written once by the thread that subscribes; read by lanes that are cancelled. */
  private volatile @Nullable Subscription upstream;

  FanOutFlux(Execution execution, Part input, Node.FanOut<Object, Object> node, Account account) {
    this.execution = execution;
    this.input = input;
    this.node = node;
    this.account = account;
    this.order = execution.calls().nextOrder();
  }

  /** Adds a lane, with an account for the elements that go into it. */
  Lane add(Account into) {
    var lane = new Lane(into);
    lanes.add(lane);
    return lane;
  }

  /** Sets the elements that the branches emit. */
  void emit(Flux<Object> merged) {
    // A subscriber that takes no element cancels before the branches are subscribed to; no lane
    // sees that.
    this.merged = merged.doOnCancel(() -> lanes.forEach(Lane::cancel));
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    execution.calls().add(order, Calls.function(() -> keying, node.name(), account, null));
    merged.subscribe(actual);
    input.flux().subscribe(new Spread());
  }

  private void leave() {
    signal.signal();
    Subscription subscription = upstream;
    if (subscription != null && isLeft()) {
      subscription.cancel();
    }
  }

  private boolean isLeft() {
    return lanes.stream().allMatch(Lane::isLeft);
  }

  /** The elements of one branch. */
  final class Lane extends Flux<Object> {
    private final Account into;
    private final Gate gate = new Gate(execution, signal, FanOutFlux.this::leave);

    private Lane(Account into) {
      this.into = into;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Object> actual) {
      gate.subscribe(actual);
    }

    /** The branch has ended, with or without its lane. */
    void cancel() {
      gate.cancel();
    }

    private boolean isLeft() {
      return gate.isCancelled();
    }

    private boolean isSettled() {
      return gate.isOpen() || isLeft() || execution.isStopped();
    }

    /**
     * Blocks until there is room; false if the branch takes no more elements, or the run is
     * stopped.
     */
    private boolean give(Object element) {
      if (!isSettled()) {
        account.waitsForOutput();
        signal.await(this::isSettled);
        account.hasOutput();
      }
      if (isLeft() || execution.isStopped()) {
        return false;
      }
      into.received();
      into.processed();
      into.produced();
      gate.give(element);
      return true;
    }
  }

  private final class Spread implements CoreSubscriber<Object> {
    private final Runnable tap = input.tap();

    /** The lane that had the last element of a balance. Of the thread that brings elements. */
    private int last;

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
      if (execution.isStopped() || isLeft()) {
        return;
      }
      tap.run();
      account.received();
      switch (node.route()) {
        case BROADCAST -> broadcast(element);
        case BALANCE -> balance(element);
        case PARTITION -> partition(element);
      }
    }

    private void count(boolean given) {
      if (given) {
        account.processed();
      } else if (!execution.isStopped() && !isLeft()) {
        account.dropped(); // its lane takes no more
      }
    }

    private void broadcast(Object element) {
      boolean given = false;
      for (Lane lane : lanes) {
        given |= lane.give(element);
      }
      count(given);
    }

    private void balance(Object element) {
      boolean given = false;
      while (!given && !isLeft() && !execution.isStopped()) {
        Lane free = free();
        if (free == null) {
          account.waitsForOutput();
          signal.await(() -> free() != null || isLeft() || execution.isStopped());
          account.hasOutput();
        } else {
          given = free.give(element);
        }
      }
      count(given);
    }

    /** The one after the last one that had room. */
    private @Nullable Lane free() {
      for (int i = 1; i <= lanes.size(); i++) {
        int candidate = (last + i) % lanes.size();
        if (lanes.get(candidate).gate.isOpen()) {
          last = candidate;
          return lanes.get(candidate);
        }
      }
      return null;
    }

    private void partition(Object element) {
      int lane;
      keying = Thread.currentThread();
      try {
        lane = Keys.lane(node.key(), element, lanes.size());
      } catch (Throwable e) {
        failed(e, element);
        return;
      } finally {
        keying = null;
      }
      if (Thread.currentThread().isInterrupted()) {
        execution.forgetInterrupt(!isLeft());
      }
      count(lanes.get(lane).give(element));
    }

    private void failed(Throwable e, Object element) {
      var site = new FailureSite(node.name(), node.policy(), 1);
      try {
        execution.failed(e, site, element, !isLeft(), account);
      } catch (Unwind unwind) {
        // the run is stopped
      }
    }

    @Override
    public void onComplete() {
      lanes.forEach(lane -> lane.gate.complete());
    }

    @Override
    public void onError(Throwable failure) {
      execution.fail(failure);
    }
  }
}
