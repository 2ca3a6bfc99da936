package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.Twin;
import dev.millrace.stages.internal.run.Unwind;
import dev.millrace.stages.internal.wait.Signal;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * Passes elements from a stage to a subscriber. The functions of the stage emit at any time; the
 * subscriber gets only as many elements as it has requested. So the emitting thread waits; it is a
 * virtual thread of the run.
 *
 * <p>One thread at a time emits; any may request and cancel.
 */
final class Gate extends Passage implements Subscription {

  private static final AtomicLongFieldUpdater<Gate> DEMAND =
      AtomicLongFieldUpdater.newUpdater(Gate.class, "demand");
  private static final VarHandle CANCELLED =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "cancelled", VarHandle.class, Gate.class, boolean.class);

  private final Execution execution;
  private final Signal signal;
  private final Runnable onCancel;

  /**
   * Written once, under the lock; the emitting thread reads it when it was asked for an element.
   */
  private @Nullable CoreSubscriber<? super Object> subscriber;

  /** Whether there are no more elements; guarded by this. */
  private boolean completed;

  /** The rest of the demand that was taken. Of the emitting thread. */
  private long allowance;

  /**
   * The demand that was requested since. Raised by requests, taken whole by the emitting thread;
   * atomic.
   */
  private volatile long demand;

  /** Set once, with compare-and-set, by a thread that cancels; read by the emitting thread. */
  private volatile boolean cancelled;

  /**
   * A gate without a subscriber.
   *
   * @param signal where the emitting thread waits
   * @param onCancel called once, when the subscriber cancels
   */
  Gate(Execution execution, Signal signal, Runnable onCancel) {
    this.execution = execution;
    this.signal = signal;
    this.onCancel = onCancel;
    execution.calls().add(signal);
  }

  void subscribe(CoreSubscriber<? super Object> actual) {
    boolean over;
    synchronized (this) {
      subscriber = actual;
      over = completed;
    }
    actual.onSubscribe(this);
    if (over && !cancelled) {
      actual.onComplete();
    }
  }

  boolean isCancelled() {
    return cancelled;
  }

  /** Whether elements have a taker: the subscriber has not cancelled, and the run goes on. */
  boolean isWanted() {
    return !cancelled && !execution.isStopped();
  }

  /** Whether an element can be given now; for the emitting thread. */
  boolean isOpen() {
    return isAllowed() && !cancelled;
  }

  /** Takes all the demand at once: an atomic operation for each element would cost more. */
  private boolean isAllowed() {
    if (allowance == 0 && demand != 0) {
      allowance = DEMAND.getAndSet(this, 0);
    }
    return allowance != 0;
  }

  /** Counts an element as produced, and gives it; blocks until it is requested. */
  void emit(Object element, Account account) {
    admit(account);
    give(element);
    given();
  }

  @Override
  void admit(Account account) {
    account.produced();
    if (!isAllowed()) {
      account.waitsForOutput();
      signal.await(() -> isAllowed() || !isWanted());
      account.hasOutput();
    }
    if (!isWanted()) {
      throw Unwind.INSTANCE;
    }
  }

  @Override
  void given() {
    if (cancelled) {
      // This thread itself may have cancelled; then no thread has interrupted it for that.
      Thread.currentThread().interrupt();
    }
  }

  /** Gives an element; the gate must be open. */
  @SuppressWarnings("NullAway") // a subscriber has requested the element
  void give(Object element) {
    use();
    subscriber.onNext(element);
  }

  @Override
  void use() {
    if (allowance != Long.MAX_VALUE) {
      allowance--;
    }
  }

  /** Whether the elements go to the sink at once; for the emitting thread. */
  boolean hasSink() {
    return subscriber instanceof SinkSubscriber;
  }

  /** The way through the gate into the sink, with code of its own; null if there is none. */
  @Nullable Chain chain(Account account, boolean define) {
    if (!(subscriber instanceof SinkSubscriber sink)) {
      return null;
    }
    Chain after = sink.chain(define);
    Twin twin = after == null ? null : after.twin().before(new PlainGateCall(), Gate.class, define);
    if (after == null || twin == null) {
      return null;
    }
    var call = (GateCall) twin.fresh();
    call.bind(this, account, after.end());
    return new Chain(call, twin);
  }

  /** There are no more elements. */
  void complete() {
    CoreSubscriber<? super Object> actual;
    synchronized (this) {
      completed = true;
      actual = subscriber;
    }
    if (actual != null && isWanted()) {
      actual.onComplete();
    }
  }

  @Override
  public void request(long n) {
    if (Operators.validate(n)) {
      Operators.addCap(DEMAND, this, n);
      signal.signalAfterFence();
    }
  }

  @Override
  public void cancel() {
    if (CANCELLED.compareAndSet(this, false, true)) {
      signal.signalAfterFence();
      onCancel.run();
    }
  }
}
