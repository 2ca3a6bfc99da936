package dev.millrace.stages.internal.channels;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Waits;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.fusion.Guard;
import dev.millrace.stages.internal.fusion.SourceReader;
import dev.millrace.stages.internal.run.Activity;
import dev.millrace.stages.internal.run.FailureChannel;
import dev.millrace.stages.internal.run.RunCore;
import dev.millrace.stages.internal.run.Unwind;
import dev.millrace.stages.internal.wait.AdaptiveWait;
import dev.millrace.stages.internal.wait.Signal;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A thread of a run, and the ways to wake and to stop it.
 *
 * <p>The thread is stopped when the run is cancelled, or when no stage takes its elements any more.
 * Then it is interrupted, and unwinds at the next element. Interrupts are for functions of the user
 * only. The engine's own waits look at {@link #isStopped}, so a swallowed interrupt does no harm.
 */
final class PipelineThread implements FailureChannel.Caller, Guard {

  private static final VarHandle STOPPED =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "stopped", VarHandle.class, PipelineThread.class, boolean.class);

  /** The work of a pipeline thread; the run's context is the current one. */
  interface Body {
    void run() throws Exception;
  }

  /** The run, as its threads see it: each may stop it, and starts others. */
  interface Threads {
    /** Starts a pipeline thread, for whose end the run waits. */
    void start(PipelineThread thread, Body body);

    /** How many threads there were until now. */
    int count();
  }

  final RunCore<?> run;
  final Threads threads;

  /** Written once under the lock, by a thread that stops this one; this one reads it anywhere. */
  private volatile boolean stopped;

  /**
   * The Java thread. Written once by itself when it begins; read by threads that wake or stop it.
   */
  private volatile @Nullable Thread thread;

  /** The shield against interrupts that is up now. Written by this thread; guarded by this. */
  private Shield shield = Shield.NONE;

  /** The stages that it runs, the first one first. */
  private final Deque<ThreadStage> stages = new ArrayDeque<>();

  /** The sources that it reads, one after the other. */
  private final List<SourceReader> sources = new ArrayList<>(1);

  /** Where it waits for an element; its producers and workers signal. */
  final Signal elements = new Signal();

  /** Where it waits for room; its consumers signal. */
  final Signal room = new Signal();

  private final Signal.Check<RuntimeException> check = interrupted -> check();

  PipelineThread(RunCore<?> run, Threads threads) {
    this.run = run;
    this.threads = threads;
  }

  /** Starts the thread. */
  void start(Body body) {
    threads.start(this, body);
  }

  /** Adds a stage that it runs, before the stages added so far. Before the thread is started. */
  void addStage(String name, Account account) {
    stages.addFirst(new ThreadStage(name, account, false, null));
  }

  /** Like {@link #addStage}, for the account of a worker. */
  void addWorker(String name, Account account) {
    stages.addFirst(new ThreadStage(name, account, true, null));
  }

  /** Like {@link #addStage}, for the sink. */
  void addSink(String name, Account account, Sink<?, ?> sink) {
    stages.addFirst(
        new ThreadStage(name, account, false, sink instanceof Waits waits ? waits : null));
  }

  /** Adds a source that it reads. Before the thread is started. */
  void addSource(SourceReader source) {
    sources.add(source);
  }

  /** Whether it has no stage yet. */
  boolean isUnnamed() {
    return stages.isEmpty();
  }

  /** The name of its Java thread. */
  String name() {
    String first = stages.getFirst().name();
    String last = stages.getLast().name();
    return stages.size() == 1 ? first : first + "…" + last;
  }

  /** The stage whose function runs: the last one that has an element; null if none has. */
  private @Nullable ThreadStage busy() {
    ThreadStage busy = null;
    for (ThreadStage stage : stages) {
      if (stage.isBusy()) {
        busy = stage;
      }
    }
    return busy;
  }

  /** Like {@link #busy}, but the first stage if none has an element. */
  private String busyStage() {
    ThreadStage busy = busy();
    return busy == null ? stages.getFirst().name() : busy.name();
  }

  /** Adds the call of the user's code that the thread is in, if it is in one. By any thread. */
  void addCall(List<Activity> calls) {
    Thread running = thread;
    if (running == null || elements.isAwaited() || room.isAwaited()) {
      return;
    }
    for (SourceReader source : sources) {
      Activity call = source.call();
      if (call != null) {
        calls.add(call);
        return;
      }
    }
    ThreadStage busy = busy();
    if (busy != null) {
      calls.add(
          Activity.function(
              busy.name(), running, busy.account(), busy.account().progress(), busy.waitsFor()));
    }
  }

  private StackTraceElement[] stackTrace() {
    Thread running = thread;
    return running == null ? new StackTraceElement[0] : running.getStackTrace();
  }

  /**
   * The note that its function goes on although it was interrupted; the trace is that of its
   * thread.
   */
  Throwable ignoresInterrupts() {
    var exception =
        new TimeoutException("stage '%s' ignores that it is interrupted".formatted(busyStage()));
    exception.setStackTrace(stackTrace());
    return exception;
  }

  /**
   * All its stages begin to wait for room.
   *
   * @param next the stage that is to take the element, which does not wait; null if there is none
   */
  void waitsForOutput(@Nullable Account next) {
    for (ThreadStage stage : stages) {
      if (stage.account() != next) {
        stage.account().waitsForOutput();
      }
    }
  }

  /** There is room again. */
  void hasOutput() {
    for (ThreadStage stage : stages) {
      stage.account().hasOutput();
    }
  }

  /** The calling thread is this thread from now on. */
  void begin() {
    thread = Thread.currentThread();
  }

  /** Like {@link #isStopped}, but may become true some time later. */
  boolean isToldToStop() {
    return stopped;
  }

  /**
   * Like {@link #isToldToStop}, with a plain read, for a thread that has asked for the same element
   * before. A function that was called since and has waited makes the read see the present value.
   */
  @Override
  public boolean isLeft() {
    return (boolean) STOPPED.get(this);
  }

  /** Whether it is to end without having finished. */
  @Override
  public boolean isStopped() {
    return stopped || run.isStopped();
  }

  /** Ends the thread soon, without its having finished. */
  synchronized void stop() {
    stopped = true;
    Thread running = thread;
    if (running != null && isInterruptible()) {
      running.interrupt();
    }
  }

  /**
   * Does nothing as long as the thread is not stopped.
   *
   * @throws Unwind if it is
   */
  void check() {
    if (isStopped()) {
      throw Unwind.INSTANCE;
    }
  }

  /**
   * Stops the run because of an exception in this thread. An exception in a thread that is stopped
   * anyway is only recorded.
   *
   * @param text says where it was thrown
   * @return the error that the thread throws then
   */
  Unwind thrown(Throwable cause, Function<? super Throwable, String> text) {
    if (cause instanceof Exception && isStopped()) {
      run.aside(cause);
    } else if (cause != Unwind.INSTANCE) {
      run.fail(cause, text.apply(cause));
    }
    return Unwind.INSTANCE;
  }

  /** Closes a resource of the thread; an exception of the close stops the run. */
  void close(AutoCloseable resource, Function<? super Throwable, String> text) {
    try {
      shielded(Shield.FULL, resource::close);
    } catch (Throwable e) {
      run.fail(e, text.apply(e));
    }
  }

  /** Code that interrupts must not reach. */
  enum Shield {
    /** A function that works for the stages after it: any interrupt reaches it. */
    NONE,
    /**
     * Code that works for the run, such as a failure handler: only the run's cancellation reaches
     * it.
     */
    RUN,
    /** Code that must come to its end, such as a close: no interrupt reaches it. */
    FULL
  }

  private boolean isInterruptible() {
    return switch (shield) {
      case NONE -> true;
      case RUN -> run.isStopped();
      case FULL -> false;
    };
  }

  @Override
  public Error unwind() {
    return Unwind.INSTANCE;
  }

  @Override
  public void shielded(FailureChannel.Action action) throws Exception {
    shielded(Shield.RUN, action::run);
  }

  /**
   * Runs code that a stop of the thread must not always interrupt. An interrupt that the body
   * itself causes ends with the body.
   */
  void shielded(Shield against, Body body) throws Exception {
    synchronized (this) {
      shield = against;
      if (!isInterruptible()) {
        Thread.interrupted();
      }
    }
    try {
      body.run();
    } finally {
      synchronized (this) {
        shield = Shield.NONE;
        Thread.interrupted();
        if (isStopped()) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /**
   * Ends a call of a function of the user: an interrupt that the function has left ends with it.
   * One of the run stays. Reads a field of the thread, and no more, if there is none.
   */
  void endCall() {
    if (Thread.currentThread().isInterrupted()) {
      forgetInterrupt();
    }
  }

  /**
   * Forgets an interrupt that was meant for the call that has just returned, unless the thread is
   * stopped.
   */
  synchronized void forgetInterrupt() {
    if (!stopped) {
      Thread.interrupted();
    }
  }

  /** Interrupts the thread, if the condition holds; see {@link #forgetInterrupt}. */
  synchronized void interruptIf(Thread running, BooleanSupplier condition) {
    if (condition.getAsBoolean()) {
      running.interrupt();
    }
  }

  /**
   * Waits for an element.
   *
   * @throws Unwind if it is stopped
   */
  void awaitElement(WaitStrategy strategy, BooleanSupplier condition) {
    elements.await(strategy, condition, check);
  }

  /**
   * Like {@link #awaitElement}, until the deadline at the most.
   *
   * @param deadline a {@link System#nanoTime}, or {@link Signal#NEVER}
   * @return false if the deadline has passed
   */
  boolean awaitElementUntil(long deadline, WaitStrategy strategy, BooleanSupplier condition) {
    return elements.awaitUntil(deadline, strategy, condition, check);
  }

  /**
   * Waits for room.
   *
   * @throws Unwind if it is stopped
   */
  void awaitRoom(WaitStrategy strategy, BooleanSupplier condition) {
    room.await(strategy, condition, check);
  }

  /** The strategy of a wait that another thread of the run ends soon. */
  WaitStrategy adaptive(BooleanSupplier condition) {
    return new AdaptiveWait(threads::count, condition);
  }

  /**
   * Sleeps until that {@link System#nanoTime} at the most; no other thread ends the sleep but by a
   * stop.
   */
  void sleepUntil(long instant) {
    Time.parkNanos(this, instant - Time.nanoTime());
    Thread.interrupted();
    check();
  }
}
