package dev.millrace.stages.internal.channel;

import dev.millrace.channel.internal.Timers;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.graph.Ledger;
import dev.millrace.stages.internal.Interruptions;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A run over virtual threads: what all of them share, and how it ends.
 *
 * <p>A strand is stopped by the run, which knows when it must not be interrupted. The last strand
 * that ends completes the run; those who join then wait for the threads, so that none is alive.
 *
 * <p>From the cancellation on the run is supervised, by the timers of the library and by the
 * threads that join: the interrupts are repeated, in case one was swallowed; and after a time of
 * grace the run is completed even if a function goes on. A virtual thread could not do that:
 * functions that only compute, or that keep waking each other, can keep all carriers busy.
 */
public final class ChannelRun<R extends @Nullable Object> implements Run<R> {

  private static final VarHandle DRAINING;

  static {
    try {
      DRAINING = MethodHandles.lookup().findVarHandle(ChannelRun.class, "draining", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static final long TICK_NANOS = 1_000_000;
  private static final long INSIST_NANOS = 100_000_000;

  final Failures failures;
  private final CancellableContext context;
  private final Duration grace;
  private final Ledger ledger = new Ledger();
  private final Set<Strand> strands = new LinkedHashSet<>();
  private final Set<SourceDriver> sources = new HashSet<>();
  private final List<Thread> threads = new ArrayList<>();
  private final List<Throwable> suppressed = new ArrayList<>();
  private final CountDownLatch done = new CountDownLatch(1);
  private volatile Context.@Nullable Registration supervision;
  private volatile boolean draining;
  private volatile int forked; // written under the lock
  private volatile boolean abandoned;
  private boolean completed;
  private boolean finished;
  private long graceEnds;
  private @Nullable R result;
  private @Nullable Throwable failure;
  private @Nullable Throwable cancellation;
  private String message = "";

  private ChannelRun(Context parent, StageConsumer<? super Failure<?>> onFailure, Duration grace) {
    this.context = parent.withCancel();
    this.failures = new Failures(this, onFailure);
    this.grace = grace;
  }

  /** Starts a pipeline; see {@link dev.millrace.pipeline.Engine#start}. */
  public static <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline,
      Context parent,
      StageConsumer<? super Failure<?>> onFailure,
      Duration grace) {
    var run = new ChannelRun<R>(parent, onFailure, grace);
    Chain last = new Wiring(run, run.ledger).wire(pipeline, run);
    run.supervision = CancelSource.listen(run.context, run::supervise);
    run.fork(last);
    return run;
  }

  // For the strands

  Context context() {
    return context;
  }

  boolean isCancelled() {
    return context.cause() != null;
  }

  /** How many strands there were until now. */
  int strands() {
    return forked;
  }

  void fork(Chain chain) {
    fork(chain.strand(), chain);
  }

  void fork(Strand strand, Strand.Body body) {
    Thread thread = thread(strand.name(), () -> run(strand, body));
    synchronized (this) {
      strands.add(strand);
      forked++;
      if (isCancelled()) {
        strand.stop();
      }
    }
    try {
      thread.start();
    } catch (Throwable e) { // there is no memory for it
      stop(e);
      ended(strand);
    }
  }

  /** A thread in which the run's context is the current one, and which is waited for. */
  private synchronized Thread thread(String name, Runnable body) {
    Thread thread = Thread.ofVirtual().name("millrace " + name).unstarted(() -> context.run(body));
    threads.add(thread);
    return thread;
  }

  private void run(Strand strand, Strand.Body body) {
    strand.begin();
    try {
      body.run();
    } catch (Unwind e) {
      // it was told to
    } catch (Throwable e) {
      stopUnlessStopped(strand, e);
    } finally {
      ended(strand);
    }
  }

  private void ended(Strand strand) {
    boolean last;
    synchronized (this) {
      strands.remove(strand);
      last = strands.isEmpty();
    }
    if (last) {
      complete();
    }
  }

  /** The sink has given its result. */
  synchronized void finished(R value) {
    result = value;
    finished = true;
  }

  /** Stops the run because of that. Returns what the calling strand throws then. */
  Unwind stop(Throwable cause) {
    return stop(cause, "the run failed: " + cause);
  }

  Unwind stop(Throwable cause, String why) {
    synchronized (this) {
      if (failure == null && !isCancelled()) {
        failure = cause;
        message = why;
      } else if (cause != failure) {
        suppressed.add(cause);
      }
    }
    cancel(cause);
    return Unwind.INSTANCE;
  }

  /**
   * As {@link #stop}, unless it is an exception of a strand that is to stop anyway; which is told
   * if it is not the answer to an interrupt, and the run has no result.
   */
  Unwind stopUnlessStopped(Strand strand, Throwable cause) {
    if (cause instanceof Exception && strand.isStopped()) {
      if (!Interruptions.tell(cause)) {
        synchronized (this) {
          suppressed.add(cause);
        }
      }
      return Unwind.INSTANCE;
    }
    return cause instanceof Unwind ? Unwind.INSTANCE : stop(cause);
  }

  /** Closes what a strand holds; what that throws stops the run. */
  void close(Strand strand, AutoCloseable resource) {
    try {
      strand.shielded(Strand.Shield.FULL, resource::close);
    } catch (Throwable e) {
      stop(e);
    }
  }

  /** Whether sources are to stop; seen by one that reads something volatile between its calls. */
  boolean isDraining() {
    return (boolean) DRAINING.get(this);
  }

  /** A source is about to be opened; false if it must not be. */
  synchronized boolean addSource(SourceDriver source) {
    return !draining && sources.add(source);
  }

  synchronized void removeSource(SourceDriver source) {
    sources.remove(source);
  }

  // How it ends

  @Override
  public void cancel(Throwable cause) {
    context.cancel(Objects.requireNonNull(cause, "cause"));
  }

  private synchronized void stopAll() {
    strands.forEach(Strand::stop);
  }

  /** Stops the strands, and sees that the run ends; from the cancellation on. Does not block. */
  private void supervise() {
    long again = insist();
    if (!isDone()) {
      Timers.schedule(this::supervise, again);
    }
  }

  /** Stops all strands, or gives them up. Returns after how many nanoseconds to do so again. */
  private long insist() {
    if (!isCancelled()) {
      return INSIST_NANOS;
    }
    stopAll();
    long left;
    synchronized (this) {
      long now = System.nanoTime();
      if (graceEnds == 0) {
        graceEnds = now + grace.toNanos();
      }
      left = graceEnds - now;
    }
    if (left <= 0) {
      abandon();
    }
    return Math.clamp(left, 1, INSIST_NANOS);
  }

  private void abandon() {
    synchronized (this) {
      if (completed) {
        return;
      }
      abandoned = true;
      finished = false;
      suppressed.add(
          new TimeoutException(
              "after %s of grace there are functions that ignore that they are interrupted:%n%s"
                  .formatted(grace, explain())));
      strands.forEach(strand -> suppressed.add(strand.ignoresInterrupts()));
    }
    complete();
  }

  private void complete() {
    synchronized (this) {
      if (completed) {
        return;
      }
      completed = true;
      if (failure == null && !finished) {
        cancellation = context.cause();
      }
    }
    Context.Registration registered = supervision;
    if (registered != null) {
      registered.stop();
    }
    ledger.close();
    done.countDown();
    context.cancel();
  }

  @Override
  public R join() throws InterruptedException, ExecutionException {
    boolean ended = false;
    while (!ended) {
      ended = done.await(insist(), TimeUnit.NANOSECONDS);
    }
    awaitThreads();
    synchronized (this) {
      if (failure != null) {
        var exception = new ExecutionException(message, failure);
        suppressed.forEach(exception::addSuppressed);
        throw exception;
      }
      if (!finished) {
        var exception = new CancellationException("cancelled: " + cancellation);
        exception.initCause(cancellation);
        suppressed.forEach(exception::addSuppressed);
        throw exception;
      }
      return result();
    }
  }

  @SuppressWarnings("NullAway") // null is a result if R is nullable
  private R result() {
    return result;
  }

  /** Waits until no thread is alive, but for those that were given up. */
  private void awaitThreads() {
    if (abandoned) {
      return;
    }
    List<Thread> all;
    synchronized (this) {
      all = List.copyOf(threads);
    }
    for (Thread thread : all) {
      uninterruptibly(thread::join);
    }
  }

  /** What waits. */
  private interface Wait {
    void await() throws InterruptedException;
  }

  private static void uninterruptibly(Wait wait) {
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        wait.await();
        ended = true;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isDone() {
    return done.getCount() == 0;
  }

  @Override
  public void close() {
    if (!isDone()) {
      cancel(new CancellationException("the run was closed"));
    }
    uninterruptibly(
        () -> {
          boolean ended = false;
          while (!ended) {
            ended = done.await(insist(), TimeUnit.NANOSECONDS);
          }
        });
    awaitThreads();
  }

  @Override
  public void drain(Duration timeout) {
    long nanos = timeout.compareTo(Duration.ofDays(36500)) < 0 ? timeout.toNanos() : Long.MAX_VALUE;
    long start = System.nanoTime();
    synchronized (this) {
      if (!completed) {
        draining = true;
        Timers.schedule(() -> superviseDrain(timeout, start, nanos), 0);
      }
    }
  }

  /** Interrupts sources that block, and cancels the run at the end. Does not block. */
  private void superviseDrain(Duration timeout, long start, long nanos) {
    long left = nanos - (System.nanoTime() - start);
    if (isDone()) {
      return;
    }
    if (left <= 0) {
      cancel(new TimeoutException("the drain has not ended within " + timeout));
      return;
    }
    long again = Math.min(left, tick() ? TICK_NANOS : INSIST_NANOS);
    Timers.schedule(() -> superviseDrain(timeout, start, nanos), again);
  }

  private synchronized boolean tick() {
    sources.forEach(SourceDriver::tick);
    return !sources.isEmpty();
  }

  @Override
  public RunReport report() {
    return ledger.report();
  }

  /** Also says what each thread does, and where in the code of the user it is. */
  @Override
  public String explain() {
    var text = new StringBuilder(report().explain());
    synchronized (this) {
      strands.forEach(strand -> text.append(strand.explain()).append(System.lineSeparator()));
    }
    return text.toString();
  }
}
