package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.graph.Ledger;
import dev.millrace.pipeline.graph.Node;
import dev.millrace.pipeline.graph.Node.Order;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
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
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock only
final class Crew {

  private static final int LOOK_AHEAD = 16;

  /** An element that is inside. */
  static final class Job {
    @Nullable Object element;
    private @Nullable Object key;
    private @Nullable Object result;
    private boolean done;
    private @Nullable Job next;
  }

  private final ChannelRun<?> run;
  private final Node.Parallel<Object, Object> node;
  private final Ledger ledger;
  private final Strand intake;
  private final Strand output;
  private final int bound;

  /** An intake that waits is woken at so few elements inside, to bring several; not for each. */
  private final int wakeIntakeAt;

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Job> ready = new ArrayDeque<>();
  private final ArrayDeque<Job> order = new ArrayDeque<>();
  private final Map<Object, Job> lastOfKey = new HashMap<>();
  private final ArrayDeque<Job> free = new ArrayDeque<>();
  private final List<Worker> workers = new ArrayList<>();
  private final ArrayDeque<Worker> idle = new ArrayDeque<>();
  private ArrayDeque<Object> results = new ArrayDeque<>();
  private boolean waking;
  private int taken;
  private boolean ended;
  private volatile int open;
  private volatile boolean finished;

  Crew(
      ChannelRun<?> run,
      Node.Parallel<Object, Object> node,
      Ledger ledger,
      Strand intake,
      Strand output) {
    this.run = run;
    this.node = node;
    this.ledger = ledger;
    this.intake = intake;
    this.output = output;
    this.bound = (int) Math.min(2L * node.parallelism() + LOOK_AHEAD, Integer.MAX_VALUE);
    this.wakeIntakeAt = bound - Math.max(LOOK_AHEAD / 2, node.parallelism() / 4);
  }

  // The intake

  /** Whether another element may come in; only the intake makes it false. */
  boolean hasRoom() {
    return open < bound;
  }

  boolean isFinished() {
    return finished;
  }

  void put(Object element, @Nullable Object key) {
    Worker woken;
    lock.lock();
    try {
      open++;
      Job job = free.isEmpty() ? new Job() : free.remove();
      job.element = element;
      if (node.order() == Order.INPUT) {
        order.add(job);
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

  /** There are no more elements. */
  void end() {
    lock.lock();
    try {
      ended = true;
    } finally {
      lock.unlock();
    }
    output.wakeForElement();
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
      if (workers.size() == node.parallelism()) {
        return null;
      }
      worker = newWorker();
      workers.add(worker);
    }
    waking = true;
    worker.idle = false;
    return worker;
  }

  private Worker newWorker() {
    var strand = new Strand(run);
    var account = ledger.open(node.name());
    strand.addStage(node.name(), account);
    return new Worker(strand, this, node, account);
  }

  private void wake(@Nullable Worker worker) {
    if (worker == null) {
      return;
    }
    if (worker.started) {
      worker.strand.wake();
    } else {
      worker.started = true;
      run.fork(worker.strand, worker);
    }
  }

  /** Waits for the next job for a worker that was started or woken; null if it is to end. */
  @Nullable Job take(Worker worker) {
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
    Strand strand = worker.strand;
    strand.awaitsElement = true;
    while (worker.idle && !finished) {
      strand.parkForElement();
    }
    strand.awaitsElement = false;
  }

  /**
   * A job is done.
   *
   * @param result null if it has failed
   * @return the next job for the worker; null if it is to end
   */
  @Nullable Job next(Worker worker, Job job, @Nullable Object result) {
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
      output.wakeForElement();
    }
    if (result == null && open <= wakeIntakeAt) {
      intake.wakeForRoom();
    }
    if (next == null) {
      await(worker);
      return take(worker);
    }
    return finished ? null : next;
  }

  /** Whether there is something for the output. Under the lock. */
  private boolean complete(Job job, @Nullable Object result) {
    if (node.order() == Order.INPUT) {
      job.result = result;
      job.done = true;
      return order.peek() == job;
    }
    if (job.key != null) {
      startNextOfKey(job);
    }
    recycle(job);
    if (result == null) {
      open--;
    } else {
      results.add(result);
    }
    return true;
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
   * Takes the results that are there; those taken before have left the stage.
   *
   * @param into is empty
   * @return the results; null if there are none, and there will be none
   */
  @Nullable ArrayDeque<Object> takeResults(ArrayDeque<Object> into) {
    ArrayDeque<Object> filled = into;
    boolean end;
    boolean wakes;
    lock.lock();
    try {
      boolean left = taken > 0;
      open -= taken;
      taken = 0;
      if (node.order() == Order.INPUT) {
        for (Job head; (head = order.peek()) != null && head.done; ) {
          order.remove();
          if (head.result == null) {
            open--;
            left = true;
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
      wakes = left && open <= wakeIntakeAt;
    } finally {
      lock.unlock();
    }
    if (wakes) {
      intake.wakeForRoom();
    }
    return end ? null : filled;
  }

  /** Nothing is wanted any more: the workers end, and the intake, if there is something left. */
  void finish() {
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
        worker.strand.stop();
      } else {
        worker.strand.wake();
      }
    }
    if (early) {
      intake.stop();
    }
  }
}
