package dev.millrace.stages.internal.fusion;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.IteratorCursor;
import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.Source.Cursor;
import dev.millrace.pipeline.Waits;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.run.Activity;
import dev.millrace.stages.internal.run.Interruptions;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.RunCore;
import dev.millrace.stages.internal.run.Sources;
import dev.millrace.stages.internal.run.Unwind;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Iterator;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a source in a thread of a run, and pushes its elements into a chain. The engine brings the
 * thread, and the ways to interrupt it.
 *
 * <p>A drain must interrupt the source if it blocks, and nothing but the source: the functions that
 * the same thread calls between two elements are to finish. A lock around each call would cost more
 * than many a stage. So the thread counts its calls with plain stores, up before and up after, and
 * looks after each whether the run drains. The drain sets its flag first. Once in a tick it looks
 * at the count, and interrupts, under a lock, a source that has been in the same call for a tick. A
 * store takes less than a tick to reach the other processors: had the thread left the call without
 * seeing the flag, the drain would have seen its new count. A thread that leaves a call and sees
 * the flag takes the lock, and forgets an interrupt that came too late.
 */
public abstract class SourceReader extends SourceCalls implements Sources.Reader {

  /**
   * After this number of elements, a power of two, the thread gives way to other threads, such as
   * one that cancels a context. Virtual threads that only compute are not preempted.
   */
  private static final int TURN = 1024;

  /** The thread does not give way before this time: a turn costs about a microsecond. */
  private static final long TURN_NANOS = 100_000;

  /**
   * After this time the thread parks for a moment instead of yielding. The scheduler serves the
   * threads that yield on a carrier first. So threads that were started elsewhere would never
   * begin.
   */
  private static final long PARK_AFTER_NANOS = 10_000_000;

  private static final VarHandle CALLS =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "calls", VarHandle.class, SourceCalls.class, long.class);

  private final RunCore<?> run;
  private final String name;
  private final Source<?> source;
  private final Account account;
  private @Nullable Cursor<?> cursor;

  /** Written once by the reading thread, when it begins; read by any. */
  private volatile @Nullable Thread thread;

  /** When the reading thread has parked last, to give way. */
  private long parked = Time.nanoTime();

  /** When the reading thread has given way last. */
  private long gaveWay = parked;

  /** The number of calls at the last tick. Used by the drain only, in one tick after the other. */
  private long callsSeen;

  /**
   * A reader that has not begun.
   *
   * @param account counts the elements that are read, and not pushed
   */
  protected SourceReader(RunCore<?> run, Node.From<?> node, Account account) {
    super(run.sources());
    this.run = run;
    this.name = node.name();
    this.source = node.source();
    this.account = account;
  }

  // The part of the engine

  /** The whole chain, with code of its own; null if there is none. */
  protected abstract @Nullable Chain chain(boolean define);

  /**
   * Interrupts the reading thread, if the condition holds; see {@link #forgetInterrupt}. By any
   * thread.
   */
  protected abstract void interruptIf(Thread reading, BooleanSupplier condition);

  /** Closes a resource of the thread; throws nothing. */
  protected abstract void close(
      AutoCloseable resource, Function<? super Throwable, String> textOfAFailure);

  // The reading thread

  /**
   * Opens the source, and pushes its elements until there are no more, or none is taken.
   *
   * @param guard tells whether the thread is to end
   * @param first takes the elements
   * @param last the first one takes no more elements when {@code done} of this taker is set
   */
  public final void readAll(Guard guard, Taker first, Taker last) {
    this.guard = guard;
    this.last = last;
    thread = Thread.currentThread();
    if (!sources.begin(this)) {
      return;
    }
    try {
      if (open()) {
        pushAll(Objects.requireNonNull(cursor), first);
      }
    } finally {
      sources.ended(this);
    }
  }

  /** Closes the source, if it is open. */
  public final void release() {
    Cursor<?> open = cursor;
    cursor = null;
    if (open != null) {
      close(open, e -> Places.sourceClosed(name, e));
    }
  }

  private boolean open() {
    calls++;
    try {
      cursor = Objects.requireNonNull(source.open(run.context()), "the source opened null");
      return true;
    } catch (Throwable e) {
      failed(e, Places.sourceOpened(name, e));
      return false;
    } finally {
      leave();
    }
  }

  private void pushAll(Cursor<?> open, Taker first) {
    Feed feed = bind(feed(open), open);
    long after = Twins.after();
    Line line = after == 0 ? line(open, true) : null;
    Object element;
    for (long pushed = 1;
        line == null && feed.hasNext() && (element = feed.next()) != null;
        pushed++) {
      first.push(element);
      if (pushed % TURN == 0) {
        line = pushed - TURN < after ? line(open, pushed >= after) : null;
        giveWay();
      }
    }
    if (line != null) {
      for (int batches = 1; line.batch(); batches++) {
        if (batches % (TURN / Line.BATCH) == 0) {
          giveWay();
        }
      }
    }
  }

  private void giveWay() {
    long now = Time.nanoTime();
    if (now - gaveWay < TURN_NANOS) {
      return;
    }
    if (now - parked > PARK_AFTER_NANOS) {
      Time.parkNanos(this, 1);
      now = Time.nanoTime();
      parked = now;
    } else {
      Thread.yield();
    }
    gaveWay = now;
  }

  /** A feed for that cursor. */
  private static Feed feed(Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?> ? new PlainIteratorFeed() : new PlainCursorFeed();
  }

  /** The class of the user's part. */
  private static Class<?> userClass(Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?>(Iterator<?> iterator)
        ? iterator.getClass()
        : cursor.getClass();
  }

  private Feed bind(Feed feed, Cursor<?> open) {
    feed.bind(this, open);
    return feed;
  }

  /** The source and the whole chain, with code of their own; null if there is none. */
  private @Nullable Line line(Cursor<?> open, boolean define) {
    Chain chain = chain(define);
    if (chain == null) {
      return null;
    }
    Twin twin = chain.twin().before(feed(open), userClass(open), define);
    return twin == null ? null : chain.line(bind((Feed) twin.fresh(), open), twin, define);
  }

  @Override
  final void thrown(Throwable e) {
    try {
      failed(e, Places.sourceAfter(name, (calls - 3) / 2, e)); // two were for opening it
    } finally {
      leave();
    }
  }

  @Override
  final Unwind stopped() {
    account.produced();
    return Unwind.INSTANCE;
  }

  @Override
  final void leave() {
    calls++;
    if (sources.areStopped() || Thread.currentThread().isInterrupted()) {
      forgetInterrupt();
    }
  }

  /** Returns if the exception only ends the source. */
  private void failed(Throwable e, String what) {
    if (e instanceof Exception && guard.isStopped()) {
      run.aside(e);
      throw Unwind.INSTANCE;
    }
    if (e instanceof Exception && sources.areStopped() && Interruptions.tell(e)) {
      return; // it answers the interrupt of the drain
    }
    run.sourceFailed(e, source.onFailure(), what);
    if (guard.isStopped()) {
      throw Unwind.INSTANCE;
    }
  }

  // Any thread

  /** The call that the source is in; null if it is in none. */
  public final @Nullable Activity call() {
    long call = (long) CALLS.getOpaque(this);
    Thread reading = thread;
    if (call % 2 == 0 || reading == null) {
      return null;
    }
    String waitsFor = source instanceof Waits waits ? waits.waitsFor() : null;
    return Activity.source(name, reading, this, call / 2, waitsFor);
  }

  @Override
  public final void tick() {
    long now = (long) CALLS.getOpaque(this);
    Thread reading = thread;
    if (now % 2 != 0 && now == callsSeen && reading != null) {
      interruptIf(reading, () -> (long) CALLS.getOpaque(this) == now);
    }
    callsSeen = now;
  }
}
