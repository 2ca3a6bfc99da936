package dev.millrace.stages.internal.pool;

import dev.millrace.stages.internal.wait.WaitStrategy;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The workers of a pool, or the lanes of a balance: the waiting ones, and the one that is called
 * next.
 *
 * <p>A worker is hired when an element has no worker, and stays until the pool has finished. At
 * most one worker searches at a time: it was called, and has not looked for an element yet. While
 * one searches, no other needs to be called. So a trivial function wakes no thread for each
 * element. A function that blocks soon has all workers, because a worker that has found an element
 * calls the next worker before it begins.
 *
 * <p>The waiting and the hired workers are guarded by a lock. The elements are not: see {@link
 * WorkerPool} for why no element stays without a worker.
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock only
final class Roster<W extends Claimant> {

  private static final VarHandle SEARCHING =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "searching", VarHandle.class, Roster.class, boolean.class);

  private final Supplier<? extends W> hire;
  private final ClaimRing elements;
  private final WaitStrategy untilElement;

  private final ReentrantLock lock = new ReentrantLock();
  private final List<W> hired = new ArrayList<>(); // guarded by the lock
  private final ArrayDeque<W> idle = new ArrayDeque<>(); // guarded by the lock

  /** How many workers could be called or hired. Written under the lock, read by any thread. */
  private volatile int spare;

  /**
   * Whether a worker searches. Set with compare-and-set: under the lock by the thread that calls a
   * worker, or by a worker for itself. Cleared by the worker that searches, before it looks.
   */
  private volatile boolean searching;

  /** Written once, under the lock; read by any thread. */
  private volatile boolean finished;

  /**
   * Without workers.
   *
   * @param most how many it may hire; lanes come by themselves
   * @param hire makes a worker that is not started; called with the lock
   * @param elements for which the workers are called
   */
  Roster(int most, Supplier<? extends W> hire, ClaimRing elements) {
    this.spare = most;
    this.hire = hire;
    this.elements = elements;
    this.untilElement = WaitStrategy.yielding(elements::hasElement);
  }

  boolean isFinished() {
    return finished;
  }

  /**
   * Wakes or hires a worker for an element, unless a worker searches. By any thread, which has put
   * the element, or become idle, before a full fence.
   */
  void call() {
    if (spare == 0 || searching || finished) {
      return;
    }
    @Nullable W worker = null;
    lock.lock();
    try {
      if (spare > 0
          && !finished
          && elements.hasElement()
          && SEARCHING.compareAndSet(this, false, true)) {
        worker = idle.poll();
        if (worker == null) {
          worker = hire.get();
          hired.add(worker);
        }
        spare--;
        worker.setIdle(false);
      }
    } finally {
      lock.unlock();
    }
    if (worker != null) {
      worker.wake();
    }
  }

  /**
   * The worker has found an element, or has not: it does not search any more. By its thread, which
   * then has a full fence, and looks.
   */
  void stopSearch() {
    searching = false;
  }

  /**
   * Waits a short time for an element, as the worker that searches. By a worker that has found
   * none.
   *
   * @return whether there is one, and the worker still searches
   */
  boolean searches() {
    if (SEARCHING.compareAndSet(this, false, true)) {
      untilElement.spin();
      if (elements.hasElement()) {
        return true;
      }
      searching = false;
    }
    return false;
  }

  /**
   * The worker waits to be called from now on, unless the pool has finished. By its thread. It may
   * be called before this returns.
   */
  void waits(W worker) {
    lock.lock();
    try {
      if (finished) {
        return;
      }
      worker.setIdle(true);
      idle.push(worker);
      spare++;
    } finally {
      lock.unlock();
    }
    VarHandle.fullFence();
    call(); // for an element that came before it was idle: perhaps the worker itself
  }

  /**
   * The worker waits no more. By its thread.
   *
   * @return false if it was called: then it searches
   */
  boolean withdraw(W worker) {
    lock.lock();
    try {
      boolean waited = worker.isIdle();
      if (waited) {
        worker.setIdle(false);
        idle.remove(worker);
        spare--;
      }
      return waited;
    } finally {
      lock.unlock();
    }
  }

  /**
   * No worker is called any more, and waiting workers go on.
   *
   * @return all workers
   */
  List<W> finish() {
    List<W> all;
    lock.lock();
    try {
      finished = true;
      all = List.copyOf(hired);
      for (W worker : all) {
        worker.setIdle(false);
      }
    } finally {
      lock.unlock();
    }
    return all;
  }
}
