package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.Source.Cursor;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.IteratorCursor;
import dev.millrace.pipeline.graph.Node;
import dev.millrace.pipeline.graph.Waits;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.Line;
import dev.millrace.stages.internal.fusion.Twin;
import dev.millrace.stages.internal.fusion.Twins;
import dev.millrace.stages.internal.run.Activity;
import dev.millrace.stages.internal.run.Interruptions;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.RunCore;
import dev.millrace.stages.internal.run.Unwind;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Iterator;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Takes the elements of a source.
 *
 * <p>A drain must interrupt the source if it blocks, and nothing but the source: the functions that
 * the same thread calls between two elements are to finish. A lock around each call would cost more
 * than many a stage. So the thread counts its calls with plain stores, up before and up after, and
 * looks after each whether the run drains. The drain sets its flag first. Once in a tick it looks
 * at the count, and interrupts, under the thread's lock, a source that has been in the same call
 * for a tick. A store takes less than a tick to reach the other processors: had the thread left the
 * call without seeing the flag, the drain would have seen its new count. A thread that leaves a
 * call and sees the flag takes the lock, and forgets an interrupt that came too late.
 */
final class SourceDriver extends SourceCalls implements Sources.Reader, PipelineThread.Reading {

  /**
   * After this number of elements, a power of two, the thread gives way to other threads, such as
   * one that cancels a context: virtual threads that only compute are not preempted.
   */
  private static final int TURN = 1024;

  /** The thread does not give way before this time: a turn costs about a microsecond. */
  private static final long TURN_NANOS = 100_000;

  /**
   * After this time the thread parks for a moment instead of yielding. The scheduler serves the
   * threads that yield on a carrier before threads that were started elsewhere, which would never
   * begin.
   */
  private static final long PARK_AFTER_NANOS = 10_000_000;

  private static final VarHandle CALLS =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "calls", VarHandle.class, SourceCalls.class, long.class);

  private final RunCore<?> run;
  private final Sources sources;
  private final String name;
  private final Source<?> source;
  private final Account account;
  private @Nullable Cursor<?> cursor;

  /** When this thread has parked last, to give way. */
  private long parked = System.nanoTime();

  /** When this thread has given way last. */
  private long gaveWay = parked;

  /** The calls at the last tick. Of the drain, whose ticks come one after the other. */
  private long callsSeen;

  SourceDriver(
      PipelineThread thread, Sources sources, Node.From<?> node, Account account, Step next) {
    super(thread, next);
    this.run = thread.run;
    this.sources = sources;
    this.name = node.name();
    this.source = node.source();
    this.account = account;
    thread.addSource(this);
  }

  @Override
  void drive() {
    if (!sources.begin(this)) {
      return;
    }
    try {
      if (open()) {
        pushAll();
      }
    } finally {
      sources.ended(this);
    }
  }

  private boolean open() {
    enter();
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

  private void giveWay() {
    long now = System.nanoTime();
    if (now - gaveWay < TURN_NANOS) {
      return;
    }
    if (now - parked > PARK_AFTER_NANOS) {
      LockSupport.parkNanos(this, 1);
      now = System.nanoTime();
      parked = now;
    } else {
      Thread.yield();
    }
    gaveWay = now;
  }

  private void pushAll() {
    Cursor<?> open = Objects.requireNonNull(cursor);
    SourceFeed feed = bind(feed(open), open);
    long after = Twins.after();
    Line line = after == 0 ? line(open, true) : null;
    Object element;
    for (long pushed = 1;
        line == null && feed.hasNext() && (element = feed.next()) != null;
        pushed++) {
      next.push(element);
      if (pushed % TURN == 0) {
        boolean define = pushed >= after;
        line = pushed - TURN < after ? line(open, define) : null;
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

  /** A feed for that cursor. */
  private static SourceFeed feed(Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?> ? new PlainIteratorFeed() : new PlainSourceFeed();
  }

  /** The class of the user's part. */
  private static Class<?> userClass(Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?>(Iterator<?> iterator)
        ? iterator.getClass()
        : cursor.getClass();
  }

  private SourceFeed bind(SourceFeed feed, Cursor<?> open) {
    feed.bind(this, sources, open, next.decisive());
    feed.bound();
    return feed;
  }

  /** The whole chain, with code of its own; null if there is none. */
  private @Nullable Line line(Cursor<?> open, boolean define) {
    Chain chain = next.chain(define);
    if (chain == null) {
      return null;
    }
    Twin twin = chain.twin().before(feed(open), userClass(open), define);
    return twin == null ? null : chain.line(bind((SourceFeed) twin.fresh(), open), twin, define);
  }

  /** The source has thrown, and has no more elements; returns if that only ends the source. */
  @Override
  void thrown(Throwable e) {
    try {
      failed(e, Places.sourceAfter(name, (calls - 3) / 2, e)); // two were for opening it
    } finally {
      leave();
    }
  }

  /** The thread is stopped, and does not push the element that it has read. */
  @Override
  Unwind stopped() {
    account.produced();
    return Unwind.INSTANCE;
  }

  private void enter() {
    calls++;
  }

  /** A call of the source has ended. */
  @Override
  void leave() {
    calls++;
    if (sources.areStopped()) {
      thread.forgetInterrupt();
    } else {
      thread.endCall();
    }
  }

  /** Returns if the exception only ends the source. */
  private void failed(Throwable e, String what) {
    if (e instanceof Exception && thread.isStopped()) {
      run.aside(e);
      throw Unwind.INSTANCE;
    }
    if (e instanceof Exception && sources.areStopped() && Interruptions.tell(e)) {
      return; // it answers the interrupt of the drain
    }
    run.sourceFailed(e, source.onFailure(), what);
    thread.check();
  }

  /** Whether the source is in a call. By any thread. */
  @Override
  public boolean isInCall() {
    return (long) CALLS.getOpaque(this) % 2 != 0;
  }

  /** The call that the source is in. By any thread. */
  @Override
  public Activity activity(Thread running) {
    String waitsFor = source instanceof Waits waits ? waits.waitsFor() : null;
    long call = (long) CALLS.getOpaque(this);
    return Activity.source(name, running, this, call / 2, waitsFor);
  }

  @Override
  public void tick() {
    long now = (long) CALLS.getOpaque(this);
    if (now % 2 != 0 && now == callsSeen) {
      thread.interruptIf(() -> (long) CALLS.getOpaque(this) == now);
    }
    callsSeen = now;
  }

  @Override
  void release() {
    Cursor<?> open = cursor;
    cursor = null;
    if (open != null) {
      thread.close(open, e -> Places.sourceClosed(name, e));
    }
  }
}
