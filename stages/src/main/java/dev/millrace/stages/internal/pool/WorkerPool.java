package dev.millrace.stages.internal.pool;

import dev.millrace.pipeline.graph.Node;
import dev.millrace.pipeline.graph.Node.Order;
import dev.millrace.stages.internal.wait.Signal;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The workers of a parallel stage, and the elements that are in it.
 *
 * <p>The intake's thread puts elements into a ring, from which workers claim one after the other;
 * they put the results into a second ring, from which the output's thread takes them: at the
 * position of the element, or at the next one if the order does not matter. There may be {@link
 * #bound} elements inside, so neither ring is ever full: as many as run, and as many more so that a
 * slow one at the head of the order does not keep workers idle, but not just a few.
 *
 * <p>Workers are started when they are needed, and stay. One at a time is woken: it wakes the next
 * one when it has found an element and there is another; so a worker is not woken for each element
 * of a trivial function, and all are soon at work if the function blocks. Who comes and goes is
 * guarded by a lock; the elements are not.
 *
 * <p>With {@link Order#KEY} an element whose key is at work waits with that {@link KeyQueues key},
 * and is done next by the same worker.
 *
 * <p>It knows no engine: that brings the {@link Sides}, and the threads of the {@link Worker}s.
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock only
public final class WorkerPool {

  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);
  private static final VarHandle SEEKING;

  static {
    try {
      SEEKING = MethodHandles.lookup().findVarHandle(WorkerPool.class, "seeking", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * So many elements can be inside at least: threads that hand over elements in passing park once
   * for many of them.
   */
  private static final int LEAST = 64;

  /** More elements than these are never inside, however many workers there may be. */
  private static final int MOST = 1 << 20;

  /** What stands for the result of an element that has none. */
  private static final Object FAILED = new Object();

  /**
   * Who brings the elements, and who takes the results. Called without a lock, by any thread, and
   * after a full fence.
   */
  public interface Sides {

    /** There is room for some elements again; to be ignored if nobody waits for it. */
    void room();

    /** There may be results, or the end. */
    void results();

    /** No more elements are wanted, although there are some. */
    void stopIntake();
  }

  /**
   * Applies the function of the stage to one element after the other, in a thread of the engine.
   */
  public abstract static class Worker {
    /** Whether it waits for an element; written under the pool's lock, but may be read. */
    private volatile boolean idle;

    /** Whether it has a thread; of whoever wakes it, which is one at a time. */
    private boolean started;

    /** The position of the element that it has claimed. */
    private long position;

    /** So many elements have come in, as far as it knows. */
    private long tailSeen;

    /** The key of its element. */
    private @Nullable Object key;

    /** Whether it was started to seek an element, and has not begun. */
    private boolean isSeeking = true;

    /** The element that it has claimed; null while it works on it or waits. */
    private @Nullable Object claimed;

    private final Signal signal;
    private final BooleanSupplier calledOrFinished;

    /**
     * A worker that is not started.
     *
     * @param signal where it waits for an element
     */
    protected Worker(WorkerPool pool, Signal signal) {
      this.signal = signal;
      this.calledOrFinished = () -> !idle || pool.finished;
    }

    /**
     * Works until the pool has finished. By the worker's thread.
     *
     * <p>A worker that waits refers neither to its last element nor to its last result: a variable
     * of a frame that waits can keep an object alive until the run ends. So both live in {@link
     * #handle} only, which never waits for an element.
     */
    protected final void work(WorkerPool pool) {
      while (claimed != null || pool.take(this)) {
        handle(pool);
      }
    }

    private void handle(WorkerPool pool) {
      Object element = Objects.requireNonNull(claimed);
      claimed = null;
      pool.done(this, apply(element));
    }

    /** Calls {@link #work} in a thread of its own. */
    protected abstract void start();

    /** Handles an element: the result, or null if it has failed. Throws to end the worker. */
    protected abstract @Nullable Object apply(Object element);

    /** Called when it waits for an element. Throws to end the worker. */
    protected abstract void check(boolean interrupted);

    /** Stops it, whatever it does: its result has no taker. Ends a wait for an element, too. */
    protected abstract void stop();
  }

  private final Order order;
  private final int parallelism;
  private final Sides sides;
  private final Function<? super WorkerPool, ? extends Worker> hire;
  private final int bound;

  /** An intake that waits is woken at so few elements inside, to bring several; not for each. */
  private final int wakeIntakeAt;

  private final @Nullable Object[] elements;
  private final @Nullable Object[] results;
  private final int mask;
  private final WaitStrategy untilElement = WaitStrategy.yielding(this::hasElement);
  private final KeyQueues keys = new KeyQueues();

  /** How many elements have come in; the intake's. It has seen how many have left. */
  private final PaddedIndex entered = new PaddedIndex();

  /** How many elements are, or were, in the ring; the intake's. */
  private final PaddedIndex tail = new PaddedIndex();

  /** How many elements were claimed; the workers'. */
  private final PaddedIndex claimed = new PaddedIndex();

  /** How many results were given a place, if the order does not matter; the workers'. */
  private final PaddedIndex placed = new PaddedIndex();

  /** How many elements have left; the output's. It has seen so many results. */
  private final PaddedIndex left = new PaddedIndex();

  /** The place of the result that the output waits for. */
  private volatile long awaited = -1;

  private final ReentrantLock lock = new ReentrantLock();
  private final List<Worker> workers = new ArrayList<>();
  private final ArrayDeque<Worker> idle = new ArrayDeque<>();

  /** How many workers could be woken or hired; written under the lock. */
  private volatile int spare;

  /** Whether a worker is about to look for an element; nobody else needs to be woken then. */
  private volatile boolean seeking;

  private volatile boolean ended;
  private volatile boolean finished;

  /**
   * A pool without workers.
   *
   * @param hire makes a worker that is not started; called with the lock
   */
  public WorkerPool(
      Node.Parallel<?, ?> node, Sides sides, Function<? super WorkerPool, ? extends Worker> hire) {
    this.order = node.order();
    this.parallelism = node.parallelism();
    this.sides = sides;
    this.hire = hire;
    this.bound = Math.clamp(2L * parallelism, LEAST, MOST);
    this.wakeIntakeAt = bound - batch();
    this.spare = parallelism;
    int length = Integer.highestOneBit(bound - 1) << 1;
    this.elements = new @Nullable Object[length];
    this.results = new @Nullable Object[length];
    this.mask = length - 1;
  }

  // The intake

  /** How many elements may be inside. */
  public int bound() {
    return bound;
  }

  /** How many elements have left together when the intake is told of {@link Sides#room}. */
  public int batch() {
    return bound / 4;
  }

  /** How many elements have come in and left again. */
  public long left() {
    return left.get();
  }

  /** Whether another element may come in. By the intake. */
  public boolean hasRoom() {
    if (entered.own() - entered.seen >= bound) {
      entered.seen = left.get();
    }
    return entered.own() - entered.seen < bound;
  }

  /** Whether an intake that has waited should go on: several elements have room. */
  public boolean isRoomy() {
    return entered.own() - left.get() <= wakeIntakeAt;
  }

  /** Whether nothing is wanted any more. */
  public boolean isFinished() {
    return finished;
  }

  /**
   * The key of an element, for {@link #put}.
   *
   * @return null if the stage has no keys
   * @throws RuntimeException of the function or of the key's hash code: the element has failed
   */
  public static @Nullable Object key(Node.Parallel<Object, ?> node, Object element) {
    Function<? super Object, ?> function = node.key();
    if (function == null) {
      return null;
    }
    Object key = Objects.requireNonNull(function.apply(element), "the key is null");
    int _ = key.hashCode(); // here, where what it throws is the element's failure
    return key;
  }

  /** Brings an element, for which there {@link #hasRoom}. By the intake. */
  public void put(Object element, @Nullable Object key) {
    entered.set(entered.own() + 1);
    if (key == null) {
      add(element);
    } else if (keys.enter(key, element)) {
      add(new KeyQueues.Keyed(key, element));
    }
  }

  private void add(Object element) {
    long at = tail.own();
    int slot = (int) at & mask;
    while (SLOT.getAcquire(elements, slot) != null) {
      // a worker has claimed it, and is about to clear its place
    }
    SLOT.set(elements, slot, element);
    tail.set(at + 1);
    VarHandle.fullFence();
    callWorker();
  }

  /** There are no more elements. By the intake. */
  public void end() {
    ended = true;
    VarHandle.fullFence();
    sides.results();
  }

  // The workers

  private boolean hasElement() {
    return claimed.get() < tail.get();
  }

  /**
   * Wakes or hires a worker for an element, unless one is about to look for it. An element is put
   * before this is called; who looks says so, says that it no longer does, and looks.
   */
  private void callWorker() {
    if (spare == 0 || seeking || finished) {
      return;
    }
    Worker worker = null;
    lock.lock();
    try {
      if (spare > 0 && !finished && hasElement() && SEEKING.compareAndSet(this, false, true)) {
        worker = idle.poll();
        if (worker == null) {
          worker = hire.apply(this);
          workers.add(worker);
        }
        spare--;
        worker.idle = false;
      }
    } finally {
      lock.unlock();
    }
    wake(worker);
  }

  private static void wake(@Nullable Worker worker) {
    if (worker == null) {
      return;
    }
    if (worker.started) {
      worker.signal.signal();
    } else {
      worker.started = true;
      worker.start();
    }
  }

  /**
   * Waits for an element for a worker: one that was just started and was called to seek, or one
   * that has found nothing.
   *
   * @return false if the worker is to end
   */
  private boolean take(Worker worker) {
    if (worker.isSeeking) {
      worker.isSeeking = false;
    } else if (!finished) {
      await(worker);
    }
    while (!finished) {
      seeking = false;
      VarHandle.fullFence();
      if (claim(worker)) {
        callWorker();
        return true;
      }
      await(worker);
    }
    return false;
  }

  /** Waits until the worker is the one that looks for an element, or the pool has finished. */
  private void await(Worker worker) {
    if (SEEKING.compareAndSet(this, false, true)) {
      untilElement.spin();
      if (hasElement()) {
        return;
      }
      seeking = false;
    }
    lock.lock();
    try {
      worker.idle = true;
      idle.push(worker);
      spare++;
    } finally {
      lock.unlock();
    }
    VarHandle.fullFence();
    callWorker(); // for what has come before that: perhaps itself
    worker.signal.await(WaitStrategy.PARK, worker.calledOrFinished, worker::check);
  }

  /** Claims the oldest element that no worker has claimed; false if there is none. */
  private boolean claim(Worker worker) {
    while (true) {
      long next = claimed.get();
      if (next >= worker.tailSeen) {
        worker.tailSeen = tail.get();
        if (next >= worker.tailSeen) {
          return false;
        }
      }
      int slot = (int) next & mask;
      Object element = SLOT.getAcquire(elements, slot);
      if (claimed.advance(next)) {
        SLOT.setRelease(elements, slot, null);
        worker.position = next;
        if (order == Order.KEY) {
          var keyed = (KeyQueues.Keyed) element;
          worker.key = keyed.key();
          worker.claimed = keyed.element();
        } else {
          worker.claimed = element;
        }
        return true;
      }
    }
  }

  /**
   * An element is done; the worker claims the next one, if there is one.
   *
   * @param result null if the element has failed
   */
  private void done(Worker worker, @Nullable Object result) {
    long place = order == Order.INPUT ? worker.position : placed.take();
    SLOT.setRelease(results, (int) place & mask, result == null ? FAILED : result);
    VarHandle.fullFence();
    if (place == awaited) {
      sides.results();
    }
    if (!finished) {
      worker.claimed = worker.key == null ? null : keys.next(worker.key);
      if (worker.claimed == null) {
        worker.key = null;
        claim(worker);
      }
    }
  }

  // The output

  /** The next result, or null if there is none now; those before have left. By the output. */
  public @Nullable Object poll() {
    while (true) {
      long next = left.seen;
      int slot = (int) next & mask;
      Object result = SLOT.getAcquire(results, slot);
      if (result == null || next - left.own() >= batch()) {
        leave(next);
      }
      if (result == null) {
        return null;
      }
      SLOT.set(results, slot, null);
      left.seen = next + 1;
      if (result != FAILED) {
        return result;
      }
    }
  }

  /** So many elements have left. */
  private void leave(long count) {
    if (left.own() != count) {
      left.set(count);
      VarHandle.fullFence();
      if (entered.get() - count <= wakeIntakeAt) {
        sides.room();
      }
    }
  }

  /** Whether there is a result, or will be none. By the output. */
  public boolean isReady() {
    return SLOT.getAcquire(results, (int) left.seen & mask) != null || isExhausted();
  }

  /** Whether all elements have left that will ever come. By the output. */
  public boolean isExhausted() {
    return ended && left.seen == entered.get();
  }

  /**
   * The output waits from now on, if there is still nothing: {@link Sides#results} tells it of the
   * next result.
   */
  public boolean awaitsResult() {
    awaited = left.seen;
    VarHandle.fullFence();
    return !isReady();
  }

  /** The output does not wait any more. */
  public void hasResult() {
    awaited = -1;
  }

  /** Nothing is wanted any more: the workers end, and the intake, if there is something left. */
  public void finish() {
    boolean early;
    List<Worker> all;
    lock.lock();
    try {
      finished = true;
      early = !ended || left.get() < entered.get();
      all = List.copyOf(workers);
    } finally {
      lock.unlock();
    }
    for (Worker worker : all) {
      if (early) {
        worker.stop();
      } else {
        worker.signal.signal();
      }
    }
    if (early) {
      sides.stopIntake();
    }
  }
}
