package dev.millrace.stages.internal;

import dev.millrace.pipeline.graph.Node;
import dev.millrace.pipeline.graph.Node.Order;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The workers of a parallel stage, and the elements that are in it.
 *
 * <p>The intake's thread brings jobs; workers take those that are ready; the output's thread takes
 * the results. All is guarded by one lock, which is held for a few stores. Workers are started when
 * they are needed, and stay. One at a time is woken: it wakes the next one when it has found a job
 * and there is another; so a worker is not woken for each element of a trivial function, and all
 * are soon at work if the function blocks.
 *
 * <p>There may be {@link #bound} elements inside: as many as run, as many more so that a slow one
 * at the head of the order does not keep workers idle, and a small look-ahead. With {@link
 * Order#KEY} the jobs of a key form a list, of which the first one is ready or runs; the map has an
 * entry for the keys of elements that are inside only. Jobs are used again.
 *
 * <p>It knows no engine: that brings the {@link Sides}, and the threads of the {@link Worker}s.
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock only
public final class Crew {

  private static final int LOOK_AHEAD = 16;

  /** Who brings the elements, and who takes the results. Called without the lock, by any thread. */
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
    /** Whether it waits for a job; guarded by the crew's lock, but may be read. */
    private volatile boolean idle;

    /** Whether it has a thread; of whoever wakes it, which is one at a time. */
    private boolean started;

    /** Works until the crew has finished. By the worker's thread. */
    protected final void work(Crew crew) {
      Job job = crew.take(this);
      while (job != null) {
        job = crew.next(this, job, apply(Objects.requireNonNull(job.element)));
      }
    }

    /** Calls {@link #work} in a thread of its own. */
    protected abstract void start();

    /** Handles an element: the result, or null if it has failed. Throws to end the worker. */
    protected abstract @Nullable Object apply(Object element);

    /** Blocks until {@link #wake} was called since {@link #idle}, or earlier. */
    protected abstract void park();

    /** Ends {@link #park}, if it parks or is about to. */
    protected abstract void wake();

    /** Stops it, whatever it does: nobody wants its result. */
    protected abstract void stop();

    /** Whether there is no job for it. */
    protected final boolean isIdle() {
      return idle;
    }
  }

  /** An element that is inside. */
  private static final class Job {
    private @Nullable Object element;
    private @Nullable Object key;
    private @Nullable Object result;
    private boolean done;
    private @Nullable Job next;
  }

  private final Node.Order order;
  private final int parallelism;
  private final Sides sides;
  private final Function<? super Crew, ? extends Worker> hire;
  private final int bound;

  /** An intake that waits is woken at so few elements inside, to bring several; not for each. */
  private final int wakeIntakeAt;

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Job> ready = new ArrayDeque<>();
  private final ArrayDeque<Job> inOrder = new ArrayDeque<>();
  private final Map<Object, Job> lastOfKey = new HashMap<>();
  private final ArrayDeque<Job> free = new ArrayDeque<>();
  private final List<Worker> workers = new ArrayList<>();
  private final ArrayDeque<Worker> idle = new ArrayDeque<>();
  private ArrayDeque<Object> results = new ArrayDeque<>();
  private boolean waking;
  private int taken;
  private boolean ended;
  private volatile int open;
  private volatile long left;
  private volatile boolean finished;

  /**
   * A crew without workers.
   *
   * @param hire makes a worker that is not started; called with the lock
   */
  public Crew(
      Node.Parallel<?, ?> node, Sides sides, Function<? super Crew, ? extends Worker> hire) {
    this.order = node.order();
    this.parallelism = node.parallelism();
    this.sides = sides;
    this.hire = hire;
    this.bound = (int) Math.min(2L * parallelism + LOOK_AHEAD, Integer.MAX_VALUE);
    this.wakeIntakeAt = bound - batch();
  }

  // The intake

  /** How many elements may be inside. */
  public int bound() {
    return bound;
  }

  /** How many elements have left together when the intake is told of {@link Sides#room}. */
  public int batch() {
    return Math.max(LOOK_AHEAD / 2, parallelism / 4);
  }

  /** How many elements have come in and left again. */
  public long left() {
    return left;
  }

  /** Whether another element may come in; only the intake makes it false. */
  public boolean hasRoom() {
    return open < bound;
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
    Worker woken;
    lock.lock();
    try {
      open++;
      Job job = free.isEmpty() ? new Job() : free.remove();
      job.element = element;
      if (order == Order.INPUT) {
        inOrder.add(job);
      }
      if (isFirstOfKey(job, key)) {
        ready.add(job);
      }
      woken = nextWorker();
    } finally {
      lock.unlock();
    }
    wake(woken);
  }

  private boolean isFirstOfKey(Job job, @Nullable Object key) {
    if (key == null) {
      return true;
    }
    job.key = key;
    Job last = lastOfKey.put(key, job);
    if (last == null) {
      return true;
    }
    last.next = job;
    return false;
  }

  /** There are no more elements. By the intake. */
  public void end() {
    lock.lock();
    try {
      ended = true;
    } finally {
      lock.unlock();
    }
    sides.results();
  }

  // The workers

  /**
   * The worker to wake or start for a job, under the lock; null if there is none, or one is about
   * to take a job.
   */
  private @Nullable Worker nextWorker() {
    if (waking || finished || ready.isEmpty()) {
      return null;
    }
    Worker worker = idle.poll();
    if (worker == null) {
      if (workers.size() == parallelism) {
        return null;
      }
      worker = hire.apply(this);
      workers.add(worker);
    }
    waking = true;
    worker.idle = false;
    return worker;
  }

  private void wake(@Nullable Worker worker) {
    if (worker == null) {
      return;
    }
    if (worker.started) {
      worker.wake();
    } else {
      worker.started = true;
      worker.start();
    }
  }

  /** Waits for the next job for a worker that was started or woken; null if it is to end. */
  private @Nullable Job take(Worker worker) {
    while (!finished) {
      Job job;
      Worker woken;
      lock.lock();
      try {
        waking = false;
        job = poll(worker);
        woken = nextWorker();
      } finally {
        lock.unlock();
      }
      wake(woken);
      if (job != null) {
        return job;
      }
      await(worker);
    }
    return null;
  }

  /** The next job, under the lock; the worker is idle if there is none. */
  private @Nullable Job poll(Worker worker) {
    Job job = ready.poll();
    if (job == null) {
      worker.idle = true;
      idle.push(worker);
    }
    return job;
  }

  private void await(Worker worker) {
    while (worker.idle && !finished) {
      worker.park();
    }
  }

  /**
   * A job is done.
   *
   * @param result null if it has failed
   * @return the next job for the worker; null if it is to end
   */
  private @Nullable Job next(Worker worker, Job job, @Nullable Object result) {
    boolean outputWaits;
    Job next;
    Worker woken;
    lock.lock();
    try {
      outputWaits = complete(job, result);
      next = poll(worker);
      woken = nextWorker();
    } finally {
      lock.unlock();
    }
    wake(woken);
    if (outputWaits) {
      sides.results();
    }
    if (result == null && open <= wakeIntakeAt) {
      sides.room();
    }
    if (next == null) {
      await(worker);
      return take(worker);
    }
    return finished ? null : next;
  }

  /** Whether there is something for the output. Under the lock. */
  private boolean complete(Job job, @Nullable Object result) {
    if (order == Order.INPUT) {
      job.result = result;
      job.done = true;
      return inOrder.peek() == job;
    }
    if (job.key != null) {
      startNextOfKey(job);
    }
    recycle(job);
    if (result == null) {
      leave(1);
    } else {
      results.add(result);
    }
    return true;
  }

  /** So many elements are not inside any more. Under the lock. */
  private void leave(int count) {
    open -= count;
    left += count;
  }

  private void startNextOfKey(Job job) {
    Job next = job.next;
    if (next == null) {
      lastOfKey.remove(Objects.requireNonNull(job.key));
    } else {
      ready.add(next);
    }
  }

  private void recycle(Job job) {
    job.element = null;
    job.key = null;
    job.result = null;
    job.done = false;
    job.next = null;
    if (free.size() < LOOK_AHEAD) {
      free.add(job);
    }
  }

  // The output

  /**
   * Takes the results that are there, by the output; those taken before have left the stage.
   *
   * @param into is empty
   * @return the results; null if there are none, and there will be none
   */
  public @Nullable ArrayDeque<Object> takeResults(ArrayDeque<Object> into) {
    ArrayDeque<Object> filled = into;
    boolean end;
    boolean wakes;
    lock.lock();
    try {
      boolean someLeft = taken > 0;
      leave(taken);
      taken = 0;
      if (order == Order.INPUT) {
        for (Job head; (head = inOrder.peek()) != null && head.done; ) {
          inOrder.remove();
          if (head.result == null) {
            leave(1);
            someLeft = true;
          } else {
            into.add(head.result);
          }
          recycle(head);
        }
      } else {
        filled = results;
        results = into;
      }
      taken = filled.size();
      end = ended && open == 0;
      wakes = someLeft && open <= wakeIntakeAt;
    } finally {
      lock.unlock();
    }
    if (wakes) {
      sides.room();
    }
    return end ? null : filled;
  }

  /** Nothing is wanted any more: the workers end, and the intake, if there is something left. */
  public void finish() {
    List<Worker> all;
    boolean early;
    lock.lock();
    try {
      finished = true;
      early = !ended || open > 0;
      all = List.copyOf(workers);
    } finally {
      lock.unlock();
    }
    for (Worker worker : all) {
      if (early) {
        worker.stop();
      } else {
        worker.wake();
      }
    }
    if (early) {
      sides.stopIntake();
    }
  }
}
