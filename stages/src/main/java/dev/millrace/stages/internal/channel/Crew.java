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
    lock.lock();
    try {
      open++;
      Job job = free.isEmpty() ? new Job() : free.remove();
      job.element = element;
      if (node.order() == Order.INPUT) {
        order.add(job);
      }
      if (key != null) {
        job.key = key;
        Job last = lastOfKey.put(key, job);
        if (last != null) {
          last.next = job;
          return;
        }
      }
      ready.add(job);
    } finally {
      lock.unlock();
    }
    wakeWorker();
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

  /** Wakes or starts a worker, unless one is about to take a job. */
  private void wakeWorker() {
    Worker woken;
    boolean start = false;
    lock.lock();
    try {
      if (waking || finished || ready.isEmpty()) {
        return;
      }
      woken = idle.poll();
      if (woken == null) {
        if (workers.size() == node.parallelism()) {
          return;
        }
        woken = newWorker();
        workers.add(woken);
        start = true;
      }
      waking = true;
      woken.idle = false;
    } finally {
      lock.unlock();
    }
    if (start) {
      run.fork(woken.strand, woken);
    } else {
      woken.strand.wake();
    }
  }

  private Worker newWorker() {
    var strand = new Strand(run);
    var account = ledger.open(node.name());
    strand.addStage(node.name(), account);
    return new Worker(strand, this, node, account);
  }

  /** The next job for a worker; null if it is to end. */
  @Nullable Job take(Worker worker) {
    boolean woken = true; // a worker begins because it was woken
    while (!finished) {
      Job job;
      boolean more;
      lock.lock();
      try {
        if (woken && worker.woken) {
          waking = false;
          worker.woken = false;
        }
        job = ready.poll();
        more = !ready.isEmpty() && !waking;
        if (job == null) {
          worker.idle = true;
          idle.push(worker);
        }
      } finally {
        lock.unlock();
      }
      if (job != null) {
        if (more) {
          wakeWorker();
        }
        return job;
      }
      await(worker);
      worker.woken = true;
    }
    return null;
  }

  private void await(Worker worker) {
    Strand strand = worker.strand;
    strand.awaitsElement = true;
    while (worker.idle && !finished) {
      strand.parkForElement();
    }
    strand.awaitsElement = false;
  }

  /** A job is done, with a result or a failure. */
  void complete(Job job, @Nullable Object result) {
    boolean outputWaits;
    boolean isReady = false;
    lock.lock();
    try {
      if (node.order() == Order.INPUT) {
        job.result = result;
        job.done = true;
        outputWaits = order.peek() == job;
      } else {
        isReady = job.key != null && startNextOfKey(job);
        recycle(job);
        if (result == null) {
          open--;
        } else {
          results.add(result);
        }
        outputWaits = true;
      }
    } finally {
      lock.unlock();
    }
    if (isReady) {
      wakeWorker();
    }
    if (outputWaits) {
      output.wakeForElement();
    }
    if (result == null) {
      intake.wakeForRoom();
    }
  }

  private boolean startNextOfKey(Job job) {
    Job next = job.next;
    if (next == null) {
      lastOfKey.remove(Objects.requireNonNull(job.key));
      return false;
    }
    ready.add(next);
    return true;
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
    boolean left;
    lock.lock();
    try {
      left = taken > 0;
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
    } finally {
      lock.unlock();
    }
    if (left) {
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
