package dev.millrace.stages.reactor;

import dev.millrace.pipeline.Source;
import dev.millrace.stages.internal.Interruptions;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/**
 * A source, and the sequential stages after it, in a thread of their own.
 *
 * <p>A drain interrupts the source if that blocks, and nothing else in its thread. A fence around
 * each call of the source would cost more than many a stage. So the thread counts its calls with
 * plain stores, up before and up after, and looks at each whether it is to drain. The drain first
 * says so, waits for a {@linkplain #TICK tick}, in which a store has reached all processors, and
 * then interrupts a call that has lasted since, under a lock that the thread takes when it has left
 * a call and sees the drain. A thread that has not seen it has left before the tick began.
 */
final class SourceFlux extends Flux<Object> {

  /** How long a drain waits before it takes for granted that what it has said is seen. */
  static final Duration TICK = Duration.ofMillis(1);

  private static final VarHandle CALLS;

  static {
    try {
      CALLS = MethodHandles.lookup().findVarHandle(Reader.class, "calls", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Execution execution;
  private final Source<?> source;
  private final List<Stage> stages;

  /**
   * The flux of a source.
   *
   * @param stages the first one stands for the source
   */
  SourceFlux(Execution execution, Source<?> source, List<Stage> stages) {
    this.execution = execution;
    this.source = source;
    this.stages = stages;
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    var reader = new Reader();
    reader.gate.subscribe(actual);
    execution.workers().execute(reader);
  }

  /** Reads the source. */
  final class Reader implements Runnable {
    private final Section section = new Section(execution.interrupts());
    private final Gate gate = new Gate(execution, new Spot(), section::cancel);

    /** Odd during a call of the source; written by this thread only. */
    private long calls;

    private volatile boolean draining;
    private volatile @Nullable Thread thread;
    private boolean interrupted; // by the drain; guarded by this
    private long callsSeen; // by the drain

    // For the drain

    /** Stops the reading; what was read goes on. Has to be followed by {@link #settle}. */
    void drain() {
      draining = true;
      callsSeen = (long) CALLS.getOpaque(this);
    }

    /**
     * Interrupts the source if it has been in the same call since the last time, at least {@link
     * #TICK} ago. Returns whether that was all to do, because no other call can begin.
     */
    boolean settle() {
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

    /** That of the drain came, or it will not come any more. */
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
          var chain = new Chain(execution, gate, stages, () -> {});
          if (chain.wantsNone()) {
            chain.endWithoutInput();
          } else {
            readAll(chain);
          }
        }
      } catch (Throwable e) {
        execution.thrown(e, !gate.isCancelled());
      } finally {
        section.leave();
        execution.ended(this);
      }
    }

    private boolean isWanted() {
      return !gate.isCancelled() && !execution.isStopped();
    }

    private void readAll(Chain chain) throws Exception {
      Source.Cursor<?> cursor = execution.begin(this) ? open() : null;
      if (cursor != null) {
        try {
          read(cursor, chain);
        } finally {
          execution.close(cursor);
        }
      }
      if (!chain.isDone() && isWanted()) {
        chain.end();
      }
    }

    private void read(Source.Cursor<?> cursor, Chain chain) throws Exception {
      Link first = chain.first();
      for (Object element; !chain.isDone() && (element = next(cursor)) != null; ) {
        if (!isWanted()) { // it was read all the same
          first.account().produced();
          return;
        }
        first.emit(element);
      }
    }

    // Calls of the source; null if it is drained

    private Source.@Nullable Cursor<?> open() throws Exception {
      if (draining) {
        return null;
      }
      enter();
      try {
        return source.open(execution.context());
      } catch (Exception e) {
        rethrowUnlessDrained(e);
        return null;
      } finally {
        leave();
      }
    }

    private @Nullable Object next(Source.Cursor<?> cursor) throws Exception {
      if (draining) {
        return null;
      }
      enter();
      try {
        return cursor.next();
      } catch (Exception e) {
        rethrowUnlessDrained(e);
        return null;
      } finally {
        leave();
      }
    }

    private void enter() {
      CALLS.setOpaque(this, calls + 1);
    }

    private void leave() {
      CALLS.setOpaque(this, calls + 1);
      if (draining) {
        forgetInterrupt();
      }
    }

    private void rethrowUnlessDrained(Exception e) throws Exception {
      if (!draining || !isWanted() || !Interruptions.tell(e)) {
        throw e;
      }
    }
  }
}
