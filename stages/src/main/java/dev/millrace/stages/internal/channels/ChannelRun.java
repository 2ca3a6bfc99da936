package dev.millrace.stages.internal.channels;

import dev.millrace.channel.internal.Timers;
import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.clock.internal.Time;
import dev.millrace.context.Context;
import dev.millrace.context.internal.CancelSource;
import dev.millrace.errors.Descriptions;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.run.Activity;
import dev.millrace.stages.internal.run.RunCore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A run over virtual threads: its threads, and how they are stopped.
 *
 * <p>The run stops a pipeline thread, because it knows when it must not be interrupted. The last
 * thread that ends completes the run; callers of {@link #join} then wait for the threads, so that
 * none is alive.
 *
 * <p>From the cancellation on the timers of the library and the threads that join supervise the
 * run. They repeat the interrupts, in case a function swallowed one. After the grace they complete
 * the run even if a function goes on. A virtual thread could not do that, because functions that
 * only compute, or that keep waking each other, can keep all carriers busy.
 */
public final class ChannelRun<R extends @Nullable Object> extends RunCore<R>
    implements PipelineThread.Threads {

  private final CountDownLatch done = new CountDownLatch(1);

  /** The threads that have not ended; guarded by this. */
  private final Set<PipelineThread> alive = new LinkedHashSet<>();

  /** All Java threads that were made, for callers that join; guarded by this. */
  private final List<Thread> threads = new ArrayList<>();

  /** Written once by the thread that starts the run; read by the thread that completes it. */
  private volatile CancelSource.@Nullable Listening supervision;

  /** How many threads were started. Written under the lock, read by all threads of the run. */
  private volatile int started;

  /**
   * Written once by the thread that gives the run up, before it is done; read by joining threads.
   */
  private volatile boolean abandoned;

  /** When the grace ends, a {@link System#nanoTime}; 0 before the cancellation; guarded by this. */
  private long graceEnds;

  /** A run that has no thread yet. */
  public ChannelRun(
      Pipeline<R> pipeline,
      Context parent,
      StageConsumer<? super Failure<?>> onFailure,
      Duration grace) {
    super(pipeline.node(), parent, onFailure, grace);
  }

  /** Starts the thread of the sink, which starts the threads that feed it. */
  public void start(ThreadBody last) {
    begin();
    supervision = CancelSource.listen(context(), this::supervise);
    last.thread().start(last);
  }

  // For the pipeline threads

  @Override
  public int count() {
    return started;
  }

  @Override
  public void start(PipelineThread each, PipelineThread.Body body) {
    Thread thread = thread(each.name(), () -> run(each, body));
    synchronized (this) {
      alive.add(each);
      started++;
      if (isStopped()) {
        each.stop();
      }
    }
    try {
      thread.start();
    } catch (Throwable e) { // there is no memory for it
      fail(e);
      ended(each);
    }
  }

  /** A thread with the run's context as the current one; callers of {@link #join} wait for it. */
  private synchronized Thread thread(String name, Runnable body) {
    Thread thread =
        Thread.ofVirtual().name("millrace " + name).unstarted(() -> context().run(body));
    threads.add(thread);
    return thread;
  }

  private void run(PipelineThread each, PipelineThread.Body body) {
    each.begin();
    try {
      body.run();
    } catch (Throwable e) {
      var _ = each.thrown(e, Descriptions::ofCause);
    } finally {
      ended(each);
    }
  }

  private void ended(PipelineThread each) {
    boolean last;
    synchronized (this) {
      alive.remove(each);
      last = alive.isEmpty();
    }
    if (last && claimEnd()) {
      complete();
    }
  }

  // How it ends

  private synchronized void stopThreads() {
    alive.forEach(PipelineThread::stop);
  }

  /**
   * Stops the threads after a cancellation, again and again until the run has ended. Does not
   * block.
   */
  private void supervise() {
    long again = insist();
    if (!isDone()) {
      var _ = Timers.schedule(this::supervise, again);
    }
  }

  /** Waits for the end of the run, and hastens it if it is stopped. */
  private void awaitDone() throws InterruptedException {
    boolean ended = isDone();
    while (!ended) {
      ended = Time.await(done, insist());
    }
  }

  /** Stops all threads, or gives them up. Returns after how many nanoseconds to do so again. */
  private long insist() {
    if (!isStopped()) {
      return INSIST_NANOS;
    }
    stopThreads();
    long left;
    synchronized (this) {
      long now = Time.nanoTime();
      if (graceEnds == 0) {
        graceEnds = now + grace().toNanos();
      }
      left = graceEnds - now;
    }
    look(); // so that it is known how long a function ignores its interrupt
    if (left <= 0) {
      abandon(); // or another thread does
      return INSIST_NANOS;
    }
    return Math.min(left, INSIST_NANOS);
  }

  private void abandon() {
    if (claimEnd()) {
      List<PipelineThread> stubborn;
      synchronized (this) {
        abandoned = true;
        stubborn = List.copyOf(alive);
      }
      giveUp(stubborn.stream().map(PipelineThread::ignoresInterrupts).toList());
      complete();
    }
  }

  private void complete() {
    CancelSource.Listening registered = supervision;
    if (registered != null) {
      registered.stop();
    }
    end();
    done.countDown();
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    awaitDone();
    if (abandoned) {
      return;
    }
    List<Thread> all;
    synchronized (this) {
      all = List.copyOf(threads);
    }
    for (Thread thread : all) {
      Uninterruptibly.await(thread::join);
    }
  }

  @Override
  public boolean isDone() {
    return done.getCount() == 0;
  }

  @Override
  protected synchronized void addCalls(List<Activity> calls) {
    alive.forEach(each -> each.addCall(calls));
  }
}
