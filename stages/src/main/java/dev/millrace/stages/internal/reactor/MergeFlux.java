package dev.millrace.stages.internal.reactor;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * The elements of many inputs, as they come. Each thread gives its element itself if no other
 * thread gives one. Else it puts the element into the queue of its input, and the thread that gives
 * elements takes it from there.
 *
 * <p>Reactor's {@code merge} lets that thread go only when all queues are empty. An input that is
 * as fast as the subscriber then keeps the thread of another input for ever: that other input reads
 * no element any more. So here a thread that has given {@link #SHARE} elements hands the rest to a
 * thread of the run, which has no input of its own. One input after the other gets its turn, for as
 * many elements as its queue holds. So an element that has come waits for at most that many
 * elements of each other input.
 */
final class MergeFlux extends Flux<Object> {

  /** How many elements a thread gives before it hands over: as many as a queue holds. */
  private static final int SHARE = Prefetch.MERGE;

  /** Elements are requested in this number, while a quarter of the queue is still requested. */
  private static final int REFILL = Prefetch.MERGE - Prefetch.MERGE / 4;

  private static final VarHandle WORK =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "work", VarHandle.class, Merging.class, int.class);
  private static final AtomicLongFieldUpdater<Merging> DEMAND =
      AtomicLongFieldUpdater.newUpdater(Merging.class, "demand");
  private static final VarHandle OPEN =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "open", VarHandle.class, Merging.class, int.class);

  private final List<Flux<Object>> inputs;
  private final Executor threads;
  private final Consumer<? super Throwable> onError;

  /**
   * The merged flux of these inputs.
   *
   * @param threads run the work that a thread hands over; they may drop it when the run is stopped
   * @param onError stops the run; gets the error that an input ends with
   */
  MergeFlux(List<Flux<Object>> inputs, Executor threads, Consumer<? super Throwable> onError) {
    this.inputs = inputs;
    this.threads = threads;
    this.onError = onError;
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    var merging = new Merging(actual);
    actual.onSubscribe(merging);
    for (int i = 0; i < inputs.size() && !merging.cancelled; i++) {
      inputs.get(i).subscribe(merging.entries[i]);
    }
  }

  private final class Merging implements Subscription {
    private final CoreSubscriber<? super Object> actual;
    private final Entry[] entries = new Entry[inputs.size()];

    /**
     * 0 if no thread gives elements; more than 1 if there is something new to do. The thread that
     * raises it from 0 gives elements, until it has lowered it to 0 or has handed over; atomic.
     */
    private volatile int work;

    /** The elements that the subscriber still asks for; atomic. */
    private volatile long demand;

    /** The inputs that have not ended; atomic. */
    private volatile int open = entries.length;

    /** Set by a thread that cancels; read by all. */
    private volatile boolean cancelled;

    // Of the thread that gives elements

    /** The input whose turn it is. */
    private int turn;

    /** Whether elements may wait in queues for demand: then they come before a new element. */
    private boolean exhausted;

    private Merging(CoreSubscriber<? super Object> actual) {
      this.actual = actual;
      for (int i = 0; i < entries.length; i++) {
        entries[i] = new Entry(this);
      }
    }

    // The subscriber

    @Override
    public void request(long n) {
      if (Operators.validate(n)) {
        Operators.addCap(DEMAND, this, n);
        work();
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      for (Entry entry : entries) {
        entry.cancel();
      }
      work(); // to clear the queues
    }

    // The inputs

    private void came(Entry entry, Object element) {
      if (work == 0 && WORK.compareAndSet(this, 0, 1)) {
        if (exhausted || demand == 0) {
          entry.put(element);
          give(true);
        } else {
          actual.onNext(element);
          given(1);
          entry.given();
          if (!WORK.compareAndSet(this, 1, 0)) {
            give(true);
          }
        }
      } else {
        entry.put(element);
        work();
      }
    }

    private void ended() {
      OPEN.getAndAdd(this, -1);
      work();
    }

    /** There is something to do: this thread does it if no other thread gives elements. */
    private void work() {
      if ((int) WORK.getAndAdd(this, 1) == 0) {
        give(true);
      }
    }

    // The thread that gives elements

    /**
     * Gives the elements that wait. Other threads first publish an element, a demand or an end, and
     * then raise the work. This thread first resets the work, and then looks: either it finds the
     * published element, or it sees the raised work when it tries to leave. After the last signal
     * it leaves without lowering the work, and no thread gives an element any more.
     *
     * @param handsOver whether the thread has other things to do
     */
    private void give(boolean handsOver) {
      for (int given = 0; given < SHARE; ) {
        WORK.getAndSet(this, 1);
        if (isOver()) {
          return;
        }
        int more = round();
        if (more == 0 && WORK.compareAndSet(this, 1, 0)) {
          return;
        }
        given += handsOver ? more : 0;
      }
      threads.execute(this::giveRest);
    }

    private void giveRest() {
      give(false);
    }

    private boolean isOver() {
      if (cancelled) {
        for (Entry entry : entries) {
          entry.queue.clear();
        }
        return true;
      }
      if (open != 0 || !isEmpty()) {
        return false;
      }
      actual.onComplete();
      return true;
    }

    private boolean isEmpty() {
      for (Entry entry : entries) {
        if (!entry.queue.isEmpty()) {
          return false;
        }
      }
      return true;
    }

    /** One turn of each input; returns how many elements were given. */
    private int round() {
      long asked = demand;
      int given = 0;
      for (int i = 0; i < entries.length && given != asked; i++) {
        Entry entry = entries[turn];
        turn = turn + 1 == entries.length ? 0 : turn + 1;
        given += turnOf(entry, asked - given);
      }
      exhausted = given == asked;
      given(given);
      return given;
    }

    private int turnOf(Entry entry, long asked) {
      int given = 0;
      @Nullable Object element;
      while (given < Prefetch.MERGE
          && given != asked
          && !cancelled
          && (element = entry.queue.poll()) != null) {
        actual.onNext(element);
        given++;
        entry.given();
      }
      return given;
    }

    private void given(int n) {
      if (n != 0 && demand != Long.MAX_VALUE) {
        DEMAND.getAndAdd(this, -n);
      }
    }
  }

  /** Where the elements of one input come in. */
  private final class Entry implements CoreSubscriber<Object> {
    private final Merging merging;

    /** Filled by the thread of the input, emptied by the thread that gives elements. */
    private final Queue<Object> queue = Queues.<Object>get(Prefetch.MERGE).get();

    /** Written once, by the thread that subscribes; read by any. */
    private volatile Subscription upstream = Operators.emptySubscription();

    /** Given since the last request. Of the thread that gives elements. */
    private int given;

    private boolean done;

    private Entry(Merging merging) {
      this.merging = merging;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      upstream = subscription;
      if (merging.cancelled) {
        subscription.cancel();
      } else {
        subscription.request(Prefetch.MERGE);
      }
    }

    @Override
    public void onNext(Object element) {
      if (!merging.cancelled) {
        merging.came(this, element);
      }
    }

    @Override
    public void onComplete() {
      if (!done) {
        done = true;
        merging.ended();
      }
    }

    @Override
    public void onError(Throwable failure) {
      onError.accept(failure);
    }

    @Override
    public Context currentContext() {
      return merging.actual.currentContext();
    }

    private void put(Object element) {
      if (!queue.offer(element)) {
        onError.accept(Exceptions.failWithOverflow());
      }
    }

    private void given() {
      if (++given == REFILL) {
        given = 0;
        upstream.request(REFILL);
      }
    }

    private void cancel() {
      upstream.cancel();
    }
  }
}
