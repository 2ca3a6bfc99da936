package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.pool.SharedQueue;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;

/**
 * Puts elements into the one queue of the lanes of a balance. Each lane takes one when it can begin
 * with it, so none waits behind a slow one.
 */
final class BalanceFlux extends SpreadFlux {

  private static final AtomicLongFieldUpdater<BalanceLane> REQUESTED =
      AtomicLongFieldUpdater.newUpdater(BalanceLane.class, "requested");
  private static final VarHandle CANCELLED =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "cancelled", VarHandle.class, BalanceLane.class, boolean.class);

  private final SharedQueue queue = new SharedQueue(Prefetch.CUT);
  private final List<BalanceLane> lanes = new ArrayList<>();

  BalanceFlux(Execution execution, Part input, Account account) {
    super(execution, input, account);
  }

  @Override
  Lane lane(Account into) {
    var lane = new BalanceLane(into);
    lanes.add(lane);
    return lane;
  }

  @Override
  void cancelLanes() {
    lanes.forEach(Lane::cancel);
  }

  /** An element that no lane takes stays unprocessed, as in any stage. */
  @Override
  void spread(Object element) {
    if (!queue.hasRoom()) {
      account.waitsForOutput();
      signal.await(() -> queue.hasRoom() || isLeft() || execution.isStopped());
      account.hasOutput();
    }
    if (!isLeft() && !execution.isStopped()) {
      account.processed();
      Account into = lanes.getFirst().into;
      into.received();
      into.processed();
      into.produced();
      queue.put(element);
    }
  }

  @Override
  void complete() {
    lanes.forEach(BalanceLane::complete);
  }

  /**
   * A lane. Its thread takes elements as long as there are some and its subscriber has requested
   * them. One thread at a time does so; a task of the run for each time that it begins.
   */
  private final class BalanceLane extends Lane implements Subscription {
    private final Account into;
    private final Scheduler.Worker worker = execution.scheduler().createWorker();

    private final SharedQueue.Lane taker =
        new SharedQueue.Lane() {
          @Override
          protected void wake() {
            schedule();
          }
        };

    /** How often its thread is to look; the one that raises it from 0 starts the thread. */
    private final AtomicInteger looks = new AtomicInteger();

    /** Written once, before the subscriber can request; read by the thread of the lane. */
    private @Nullable CoreSubscriber<? super Object> subscriber;

    /** How many elements were requested until now. Raised by requests. */
    private volatile long requested;

    /** How many elements the subscriber has had. Of the thread of the lane. */
    private long given;

    /** Written once, after the last element, by the thread that brings the elements. */
    private volatile boolean ended;

    /** Set once, with compare-and-set. */
    private volatile boolean cancelled;

    private BalanceLane(Account into) {
      this.into = into;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Object> actual) {
      subscriber = actual;
      actual.onSubscribe(this);
      schedule(); // it may have ended before
    }

    @Override
    public void request(long n) {
      if (Operators.validate(n)) {
        Operators.addCap(REQUESTED, this, n);
        schedule();
      }
    }

    @Override
    public void cancel() {
      if (CANCELLED.compareAndSet(this, false, true)) {
        left();
        schedule(); // it may wait in the queue
      }
    }

    private void complete() {
      ended = true;
      schedule();
    }

    private void schedule() {
      if (looks.getAndIncrement() == 0) {
        worker.schedule(this::take);
      }
    }

    private void take() {
      int seen = looks.get();
      while (seen != 0) {
        giveAll();
        seen = looks.addAndGet(-seen);
      }
    }

    /** Gives elements until there are none, or none is requested. */
    private void giveAll() {
      CoreSubscriber<? super Object> actual = subscriber;
      boolean waits = actual == null;
      while (actual != null && !waits && !cancelled && !execution.isStopped()) {
        waits = !give(actual);
      }
      if (cancelled) {
        queue.withdraw(taker);
      }
    }

    /** Gives an element, or the end; false if there is nothing to give now. */
    private boolean give(CoreSubscriber<? super Object> actual) {
      boolean last = ended; // read first: then an empty queue stays empty
      if (given == requested) {
        return last && !queue.hasElement() && end(actual);
      }
      Object element = queue.claim(taker);
      if (element == null) {
        return last ? end(actual) : queue.isCalled(taker);
      }
      if (queue.isToWakeProducer(taker)) {
        signal.signalAfterFence();
      }
      given++;
      actual.onNext(element);
      return true;
    }

    /** Tells the end, and lets the other lanes see it, whose subscribers may not ask any more. */
    private boolean end(CoreSubscriber<? super Object> actual) {
      if (CANCELLED.compareAndSet(this, false, true)) {
        lanes.forEach(BalanceLane::schedule);
        actual.onComplete();
      }
      return true;
    }
  }
}
