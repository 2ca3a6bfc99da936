package dev.millrace.stages.internal.pool;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Node.Order;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The worker pool of a parallel stage: brings elements to workers, and their results to the output.
 *
 * <p>One thread, the intake, puts elements; one thread, the output, takes results, in the order of
 * the elements or as they come. The threads of the workers are the engine's, and so are the two
 * {@link Sides}.
 */
public final class WorkerPool {

  /*
   *    intake                      workers                        output
   *
   *            hasRoom                                      poll
   *      put ----------> [ ClaimRing ]        [ ResultRing ] ------>
   *       |               tail | claimed       place |  left
   *       | same key           v                     ^
   *       | inside          claim --> apply --> put -'
   *       v                    ^                 |
   *   [ KeyQueues ] -----------+--- next of the key
   *
   *                       [ Roster ]  calls workers
   *
   * `entered` counts the elements that came in, `left` those whose result has left, or that have
   * failed. Between the two are at most `bound` elements.
   *
   *  1. No ring overflows. Both rings have at least `bound` slots. An element or its result is in
   *     one of the rings, in the hands of a worker, or in a queue of its key. The intake puts an
   *     element only if entered - left < bound.
   *
   *  2. No element stays without a worker. The intake publishes the element, has a full fence, and
   *     then reads `searching`. A worker that searches clears `searching`, has a full fence, and
   *     then reads the ring. If the intake finds `searching` set, then the worker clears it later,
   *     and its look finds the element. Otherwise the intake calls a worker. Without the two fences
   *     each could miss the other, and the element would stay until the next one comes.
   *
   *  3. The same with a worker that becomes idle. It enters the list of the idle under the lock,
   *     has a full fence, and then calls a worker for any element in the ring: perhaps itself. So
   *     an element that came when `spare` was 0 is not left to workers that are all about to wait.
   *
   *  4. Each element that is claimed calls the next worker, if there is another element. So the
   *     chain of calls goes on without the intake, as long as there are elements and spare workers.
   *
   *  5. No wake-up of the output is lost: see ResultRing. No wake-up of the intake is lost. The
   *     output writes `left`, has a full fence, and then signals the intake. The intake announces
   *     that it waits, has a full fence, and then reads `left`. A waiting intake is woken when a
   *     batch of elements has left, not for each; the pool then has enough elements for the
   *     workers. The rest of a batch may never come. So when the output finds no result, it writes
   *     the number of all elements that have left to `left`, and signals the intake.
   *
   *  6. Elements of a key are done one after the other. Only the first of a key is put into the
   *     ring; the others wait in the queue of the key, and the worker of the first does them next.
   *
   *  7. Nothing holds on to elements. A slot is cleared when its element or result is taken. A
   *     worker that waits refers neither to its last element nor to its last result. A variable of
   *     a frame that waits could keep the object alive until the run ends. So both live in the
   *     frame of `handle` only, which never waits for an element.
   */

  /**
   * How many elements can be inside at least, unless the user bounds the prefetch: the threads of
   * intake and output then park once for many elements.
   */
  private static final int LEAST = 64;

  /** How many elements are inside at most, however many workers there may be. */
  private static final int MOST = 1 << 20;

  /**
   * The intake and the output of a pool. Called without a lock, by any thread, and after a full
   * fence.
   */
  public interface Sides {

    /** There is room for several elements again. The intake may not be waiting for it. */
    void room();

    /** There is the result that the output waits for, or the end. */
    void results();

    /** The pool takes no more elements, although there are some. */
    void stopIntake();
  }

  private final Order order;
  private final Sides sides;
  private final int bound;

  /** The intake, if it waits, is woken when no more elements than this are inside. */
  private final int wakeIntakeAt;

  private final ClaimRing elements;
  private final ResultRing results;
  private final Roster<Worker> roster;
  private final KeyQueues keys = new KeyQueues();

  /**
   * How many elements came in. Written by the intake with release, read by the output; {@code seen}
   * is how many have left as far as the intake knows.
   */
  private final PaddedIndex entered = new PaddedIndex();

  /** Whether all elements came in. Written once by the intake, read by the output. */
  private volatile boolean ended;

  /**
   * A pool without workers.
   *
   * @param hire makes a worker that is not started; called with a lock
   */
  public WorkerPool(
      Node.Parallel<?, ?> node, Sides sides, Function<? super WorkerPool, ? extends Worker> hire) {
    this.order = node.order();
    this.sides = sides;
    this.bound = bound(node);
    this.wakeIntakeAt = bound - batch();
    int length = Integer.highestOneBit(Math.max(1, bound - 1)) << 1;
    this.elements = new ClaimRing(length);
    this.results = new ResultRing(length);
    this.roster = new Roster<>(node.parallelism(), () -> hire.apply(this), elements);
  }

  private static int bound(Node.Parallel<?, ?> node) {
    return node.prefetch() == Node.Parallel.PREFETCH_OF_THE_ENGINE
        ? Math.clamp(2L * node.parallelism(), LEAST, MOST)
        : Math.clamp((long) node.parallelism() + node.prefetch(), 1, MOST);
  }

  // The intake

  /** How many elements may be inside. */
  public int bound() {
    return bound;
  }

  /** How many elements leave together before {@link Sides#room} is called. */
  public int batch() {
    return Math.max(1, bound / 4);
  }

  /** How many elements have come in and left again. */
  public long left() {
    return results.left();
  }

  /** Whether another element may come in. By the intake. */
  public boolean hasRoom() {
    if (entered.own() - entered.seen >= bound) {
      entered.seen = results.left();
    }
    return entered.own() - entered.seen < bound;
  }

  /** Whether an intake that has waited should go on: several elements have room. */
  public boolean isRoomy() {
    return entered.own() - results.left() <= wakeIntakeAt;
  }

  /** Whether the pool takes no more elements. */
  public boolean isFinished() {
    return roster.isFinished();
  }

  /**
   * Brings an element, for which there {@link #hasRoom}. By the intake.
   *
   * @param key null if the stage has no keys
   */
  public void put(Object element, @Nullable Object key) {
    entered.set(entered.own() + 1);
    if (key == null) {
      add(element);
    } else if (keys.enter(key, element)) {
      add(new KeyQueues.Keyed(key, element));
    }
  }

  private void add(Object element) {
    elements.put(element);
    VarHandle.fullFence(); // before `searching` is read: see 2
    roster.call();
  }

  /** There are no more elements. By the intake. */
  public void end() {
    ended = true;
    VarHandle.fullFence();
    sides.results();
  }

  // The workers

  /** Works until the pool has finished. By the worker's thread. */
  public void work(Worker worker) {
    while (worker.claimed != null || take(worker)) {
      handle(worker);
    }
  }

  private void handle(Worker worker) {
    Object element = Objects.requireNonNull(worker.claimed);
    worker.claimed = null;
    done(worker, worker.apply(element));
  }

  /**
   * Waits until the worker has an element.
   *
   * @return false if the worker is to end
   */
  private boolean take(Worker worker) {
    if (worker.searches) { // it was just hired
      worker.searches = false;
    } else if (!roster.isFinished()) {
      await(worker);
    }
    while (!roster.isFinished()) {
      roster.stopSearch();
      VarHandle.fullFence(); // before the ring is read: see 2
      if (claim(worker)) {
        roster.call();
        return true;
      }
      await(worker);
    }
    return false;
  }

  /** Waits until the worker searches, or the pool has finished. */
  private void await(Worker worker) {
    if (!roster.searches()) {
      roster.waits(worker);
      worker.await();
    }
  }

  private boolean claim(Worker worker) {
    Object element = elements.claim(worker);
    if (element == null) {
      return false;
    }
    if (order == Order.KEY) {
      var keyed = (KeyQueues.Keyed) element;
      worker.key = keyed.key();
      worker.claimed = keyed.element();
    } else {
      worker.claimed = element;
    }
    return true;
  }

  /**
   * An element is done; the worker claims the next one, if there is one.
   *
   * @param result null if the element has failed
   */
  private void done(Worker worker, @Nullable Object result) {
    long place = order == Order.INPUT ? worker.position : results.nextPlace();
    if (results.put(place, result)) {
      sides.results();
    }
    if (!roster.isFinished()) {
      worker.claimed = worker.key == null ? null : keys.next(worker.key);
      if (worker.claimed == null) {
        worker.key = null;
        claim(worker);
      }
    }
  }

  /**
   * Whether a full pool is full because its output is slow, not its workers. By the intake; a
   * guess, for reports.
   */
  public boolean isHeldUpByOutput() {
    return order == Order.INPUT
        ? elements.unclaimed() < bound / 8L * 3 && !results.isAwaited()
        : results.untaken() > bound / 2;
  }

  // The output

  /** The next result, or null if there is none now; those before have left. By the output. */
  public @Nullable Object poll() {
    while (true) {
      Object result = results.peek();
      if (result == null || results.unpublished() >= batch()) {
        publishLeft();
      }
      if (result == null) {
        return null;
      }
      results.remove();
      if (result != ResultRing.FAILED) {
        return result;
      }
    }
  }

  private void publishLeft() {
    if (results.unpublished() != 0) {
      results.publish();
      VarHandle.fullFence(); // before the intake's signal is read: see 5
      if (entered.get() - results.taken() <= wakeIntakeAt) {
        sides.room();
      }
    }
  }

  /** Whether there is a result, or will be none. By the output. */
  public boolean isReady() {
    return results.peek() != null || isExhausted();
  }

  /** Whether all elements have left that will ever come. By the output. */
  public boolean isExhausted() {
    return ended && results.taken() == entered.get();
  }

  /**
   * Whether the output has to wait. From this call on {@link Sides#results} wakes it for the next
   * result, until {@link #hasResult}.
   */
  public boolean awaitsResult() {
    results.startWait();
    return !isReady();
  }

  /** The output does not wait any more. */
  public void hasResult() {
    results.endWait();
  }

  /** Ends the workers; and the intake, if elements are left. By any thread, any number of times. */
  public void finish() {
    List<Worker> workers = roster.finish();
    boolean early = !ended || results.left() < entered.get();
    for (Worker worker : workers) {
      if (early) {
        worker.stop();
      }
      worker.signal.signal();
    }
    if (early) {
      sides.stopIntake();
    }
  }
}
