package dev.millrace.stages.internal.run;

import dev.millrace.channel.internal.Flight;
import dev.millrace.clock.internal.Time;
import dev.millrace.errors.Descriptions;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.StageConsumer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The failure channel of a run: the failing thread itself hands the failure to the handler, so a
 * slow handler slows the stage down. Each handler gets one failure at a time.
 *
 * <p>Thread-safe.
 */
public final class FailureChannel {

  /** Code that an interrupt must not reach just because its stage has no taker any more. */
  @FunctionalInterface
  public interface Action {
    /** Runs it. */
    void run() throws Exception;
  }

  /** The thread in which an element has failed, as its engine knows it. */
  public interface Caller {
    /** Whether it is to end: its results have no taker, or the run is stopped. */
    boolean isStopped();

    /** The error that it throws to end. */
    Error unwind();

    /** Runs the action; only a stop of the run interrupts it. */
    void shielded(Action action) throws Exception;
  }

  /** A failure that a thread hands to its handler. */
  private static final class Call {
    final String stage;
    final Thread thread = Thread.currentThread();

    /**
     * When it began to wait for the handler, or when the handler was called. Read by any thread.
     */
    volatile long since = Time.nanoTime();

    /** Whether the handler was called. Written after {@link #since}. */
    volatile boolean handles;

    Call(String stage) {
      this.stage = stage;
    }

    void handles() {
      since = Time.nanoTime();
      handles = true;
    }

    Activity activity() {
      var kind = handles ? Activity.Kind.HANDLER : Activity.Kind.TURN;
      return new Activity(kind, stage, thread, this, 1, since, null);
    }
  }

  private final RunCore<?> run;
  private final Set<Call> calls = ConcurrentHashMap.newKeySet();
  private final StageConsumer<? super Failure<?>> onFailure;
  private final IdentityHashMap<StageConsumer<? super Failure<?>>, ReentrantLock> locks =
      new IdentityHashMap<>(); // guarded by itself

  FailureChannel(RunCore<?> run, StageConsumer<? super Failure<?>> onFailure) {
    this.run = run;
    this.onFailure = onFailure;
  }

  /**
   * A function of the user has thrown this for an element. Returns if the stage goes on.
   *
   * @param failed counts the element as failed; not called if it counts as not processed
   * @throws Error the exception of {@link Caller#unwind} if the thread is to end
   */
  public void thrown(
      Caller caller,
      Runnable failed,
      String stage,
      FailurePolicy policy,
      Object element,
      Throwable thrown) {
    boolean interrupted = Thread.interrupted(); // perhaps the function's own, which ends with it
    if (interrupted && caller.isStopped()) {
      Thread.currentThread().interrupt();
    }
    if (thrown == caller.unwind()) {
      throw caller.unwind();
    }
    Failure<?> failure = Failure.of(stage, element, thrown);
    Flight.failure(stage, failure.cause());
    if (!policy.takes(thrown)) {
      run.fail(thrown, failure.toString());
      throw caller.unwind();
    }
    if (caller.isStopped()) { // it may answer the interrupt: it is no failure of the element
      run.aside(thrown);
      throw caller.unwind();
    }
    if (policy.stops()) {
      failed.run();
      run.fail(failure.cause(), failure.toString(), failure.notes());
      throw caller.unwind();
    }
    StageConsumer<? super Failure<?>> letters = policy.deadLetters();
    hand(caller, failed, failure, letters == null ? onFailure : letters);
  }

  private void hand(
      Caller caller,
      Runnable failed,
      Failure<?> failure,
      StageConsumer<? super Failure<?>> handler) {
    var call = new Call(failure.stage());
    calls.add(call);
    try {
      hand(caller, failed, failure, handler, call);
    } finally {
      calls.remove(call);
    }
    failed.run();
  }

  private void hand(
      Caller caller,
      Runnable failed,
      Failure<?> failure,
      StageConsumer<? super Failure<?>> handler,
      Call call) {
    ReentrantLock lock = lock(handler);
    acquire(caller, lock);
    try {
      if (run.isStopped()) {
        throw caller.unwind();
      }
      call.handles();
      caller.shielded(() -> handler.accept(failure));
    } catch (Throwable e) {
      if (e != caller.unwind()) {
        handlerHasThrown(e, failure, failed);
      }
      throw caller.unwind();
    } finally {
      lock.unlock();
    }
  }

  /** The failures that are on their way to a handler now. By any thread. */
  List<Activity> calls() {
    return calls.stream().map(Call::activity).toList();
  }

  private void handlerHasThrown(Throwable thrown, Failure<?> failure, Runnable failed) {
    if (run.isStopped() && thrown instanceof Exception) { // the failure was not handled
      run.aside(thrown);
      return;
    }
    failed.run();
    if (thrown instanceof ExecutionException && thrown.getCause() == failure.cause()) {
      run.fail(failure.cause(), failure.toString(), failure.notes());
    } else {
      List<Throwable> notes = new ArrayList<>(failure.notes());
      if (thrown != failure.cause()) {
        notes.add(failure.cause());
      }
      run.fail(thrown, handlerThrew(thrown, failure), notes);
    }
  }

  /** The text for a failure handler that has thrown. */
  public static String handlerThrew(Throwable thrown, Failure<?> failure) {
    return "the failure handler threw %s while it handled: %s"
        .formatted(Descriptions.ofCause(thrown), failure);
  }

  private void acquire(Caller caller, ReentrantLock lock) {
    while (true) {
      try {
        lock.lockInterruptibly();
        return;
      } catch (InterruptedException e) {
        if (run.isStopped()) {
          throw caller.unwind();
        }
      }
    }
  }

  private ReentrantLock lock(StageConsumer<? super Failure<?>> handler) {
    synchronized (locks) {
      return locks.computeIfAbsent(handler, key -> new ReentrantLock());
    }
  }
}
