package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Source;
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
import dev.millrace.stages.internal.run.Unwind;
import dev.millrace.stages.internal.wait.Signal;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/**
 * A source, and the sequential stages after it, in a thread of their own.
 *
 * <p>A drain interrupts the source if it blocks, and nothing else in its thread. A fence around
 * each call of the source would cost more than many a stage. So the thread counts its calls with
 * opaque stores, up before and up after, and looks at each whether it is to drain. The drain sets
 * its flag first, and waits for a {@linkplain Execution#TICK tick}, in which a store reaches all
 * processors. Then it interrupts a call that has lasted since, under a lock. A thread that leaves a
 * call and sees the flag takes that lock, and forgets an interrupt that came too late. A thread
 * that did not see the flag has left its call before the tick began.
 */
final class SourceFlux extends Flux<Object> {

  private static final VarHandle CALLS =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "calls", VarHandle.class, Reader.class, long.class);

  /** Each time after this number of elements the thread looks for code for its chain. */
  private static final int LOOK = 1024;

  private final Execution execution;
  private final String name;
  private final Source<?> source;
  private final List<Stage> stages;
  private final int order;

  /**
   * The flux of a source.
   *
   * @param stages the first one stands for the source
   */
  SourceFlux(Execution execution, Node.From<?> node, List<Stage> stages) {
    this.execution = execution;
    this.name = node.name();
    this.source = node.source();
    this.stages = stages;
    this.order = execution.calls().nextOrder();
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    var reader = new Reader();
    execution.calls().add(order, reader);
    execution.calls().add(order, Calls.chain(reader.section, stages));
    reader.gate.subscribe(actual);
    execution.threads().execute(reader);
  }

  /** A feed for that cursor. */
  private static ReaderFeed feed(Source.Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?> ? new PlainIteratorFeed() : new PlainReaderFeed();
  }

  /** The class of the user's part. */
  private static Class<?> userClass(Source.Cursor<?> cursor) {
    return cursor instanceof IteratorCursor<?>(Iterator<?> iterator)
        ? iterator.getClass()
        : cursor.getClass();
  }

  /** Reads the source. */
  final class Reader extends ReaderCalls implements Runnable, Execution.Reader, Calls.Place {
    private final Section section = new Section(execution.interrupts());
    private final Gate gate = new Gate(execution, new Signal(), section::cancel);

    /**
     * Odd during a call of the source; written by the reading thread with opaque stores, read by
     * the drain.
     */
    private long calls;

    /** Written once by the drain; read by the reading thread before and after each call. */
    private volatile boolean draining;

    /** Written once by the reading thread, when it begins; read by the drain. */
    private volatile @Nullable Thread thread;

    /** Whether the drain has interrupted the thread, which then clears this; guarded by this. */
    private boolean interrupted;

    /** The calls at the last tick; of the drain's threads, one after the other. */
    private long callsSeen;

    // For the explanation

    @Override
    public @Nullable Thread thread() {
      return (long) CALLS.getOpaque(this) % 2 == 0 ? null : thread;
    }

    @Override
    public Activity call(Thread reading) {
      String waitsFor = source instanceof Waits waits ? waits.waitsFor() : null;
      return Activity.source(name, reading, this, (long) CALLS.getOpaque(this) / 2, waitsFor);
    }

    // For the drain

    @Override
    public void drain() {
      draining = true;
      callsSeen = (long) CALLS.getOpaque(this);
    }

    @Override
    public boolean settle() {
      long now = (long) CALLS.getOpaque(this);
      if (now % 2 == 0) {
        return true;
      }
      boolean settled = now == callsSeen;
      callsSeen = now;
      if (settled) {
        interruptCall(now);
      }
      return settled;
    }

    private synchronized void interruptCall(long call) {
      Thread reading = thread;
      if (reading != null && (long) CALLS.getOpaque(this) == call) {
        interrupted = true;
        execution.interrupts().interrupt(reading, Interrupts.Reason.UNWANTED);
      }
    }

    /** The interrupt of the drain has come, or will not come any more. */
    private synchronized void forgetInterrupt() {
      if (interrupted) {
        interrupted = false;
        Thread.interrupted(); // whether there was another one is looked at next
      }
    }

    // In its own thread

    @Override
    public void run() {
      thread = Thread.currentThread();
      boolean wanted = section.enter();
      try {
        if (wanted && isWanted()) {
          var chain = new FusedChain(execution, gate, stages, () -> {});
          try {
            if (chain.wantsNone()) {
              chain.endWithoutInput();
            } else {
              readAll(chain);
            }
          } finally {
            chain.closeIfDone();
          }
        }
      } catch (Throwable e) {
        execution.thrown(e, !gate.isCancelled());
      } finally {
        section.leave();
        execution.ended(this);
      }
    }

    @Override
    boolean isWanted() {
      return !gate.isCancelled() && !execution.isStopped();
    }

    private void readAll(FusedChain chain) {
      Source.Cursor<?> cursor = execution.begin(this) ? open() : null;
      if (cursor != null) {
        try {
          read(cursor, chain);
        } catch (Throwable e) { // before the close, which may fail as well
          execution.thrown(e, !gate.isCancelled());
        } finally {
          execution.close(cursor, e -> Places.sourceClosed(name, e));
        }
      }
      if (!chain.isDone() && isWanted()) {
        chain.end();
      }
    }

    private void read(Source.Cursor<?> cursor, FusedChain chain) {
      ReaderFeed feed = bind(feed(cursor), cursor, chain);
      long after = Twins.after();
      Line line = after == 0 ? line(cursor, chain, true) : null;
      Object element;
      for (long read = 1;
          line == null && feed.hasNext() && (element = feed.next()) != null;
          read++) {
        chain.first().exit().push(element);
        if (read % LOOK == 0 && read - LOOK < after) {
          line = line(cursor, chain, read >= after);
        }
      }
      if (line != null) {
        while (line.batch()) {}
      }
    }

    private ReaderFeed bind(ReaderFeed feed, Source.Cursor<?> cursor, FusedChain chain) {
      feed.bind(this, cursor, chain);
      feed.bound();
      return feed;
    }

    /** The whole chain, with code of its own; null if there is none. */
    private @Nullable Line line(Source.Cursor<?> cursor, FusedChain chain, boolean define) {
      Chain after = chain.first().chainAfter(define);
      if (after == null) {
        return null;
      }
      Twin twin = after.twin().before(feed(cursor), userClass(cursor), define);
      return twin == null
          ? null
          : after.line(bind((ReaderFeed) twin.fresh(), cursor, chain), twin, define);
    }

    @Override
    @Nullable Object unwanted(FusedChain chain) {
      chain.first().account().produced();
      return null;
    }

    // Calls of the source; null if it is drained, or has failed

    private Source.@Nullable Cursor<?> open() {
      if (draining) {
        return null;
      }
      enter();
      try {
        return Objects.requireNonNull(source.open(execution.context()), "the source opened null");
      } catch (Throwable e) {
        failed(e, Places.sourceOpened(name, e));
        return null;
      } finally {
        leave();
      }
    }

    @Override
    boolean isDraining() {
      return draining;
    }

    @Override
    void thrown(Throwable e) {
      try {
        failed(e, Places.sourceAfter(name, (calls - 3) / 2, e)); // two were for opening it
      } finally {
        leave();
      }
    }

    /** Returns if the exception only ends the source, without an element. */
    private void failed(Throwable e, String what) {
      boolean wanted = isWanted();
      if (e instanceof Exception && (!wanted || execution.isOver())) {
        execution.thrown(e, wanted);
        throw Unwind.INSTANCE;
      }
      if (e instanceof Exception && draining && Interruptions.tell(e)) {
        return; // it answers the interrupt of the drain
      }
      execution.sourceFailed(e, source.onFailure(), what);
      if (execution.isStopped()) {
        throw Unwind.INSTANCE;
      }
    }

    private void enter() {
      count();
    }

    @Override
    void leave() {
      count();
      interrupted();
    }

    @Override
    void count() {
      CALLS.setOpaque(this, calls + 1);
    }

    @Override
    void interrupted() {
      if (draining) {
        forgetInterrupt();
      }
      if (Thread.currentThread().isInterrupted()) {
        execution.forgetInterrupt(isWanted());
      }
    }
  }
}
