package dev.millrace.sync;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.channel.internal.StackReserve;
import dev.millrace.context.Context;
import dev.millrace.errors.NotedException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A counter of tasks under way, for threads that wait until it is zero: Go's {@code
 * sync.WaitGroup}, with a safe way to run tasks.
 *
 * <pre>{@code
 * var handlers = new WaitGroup();
 * handlers.go(() -> index(message));
 * handlers.go(() -> archive(message));
 * for (Throwable failure : handlers.awaitFailures()) {
 *   log.warn("a handler failed", failure);
 * }
 * }</pre>
 *
 * <p>Tasks do not stop each other and are not stopped by anything here; where they should begin and
 * end together, a {@link TaskGroup} is the better choice.
 *
 * <p>Failures of tasks are kept until an await reports them: {@link #await()} throws them, {@link
 * #awaitFailures()} returns them. After that the group keeps nothing, and can be used again like a
 * new one. At most the first 1,000 failures are kept, about 1.5 KB each; a group {@linkplain
 * #WaitGroup(Consumer) with a handler} keeps none.
 *
 * <p>Thread-safe. Counting takes one uncontended monitor, {@link #go} a virtual thread and the
 * stack trace of the forking site. Only awaits block. A {@link #done} happens before the return of
 * an await that it ends.
 */
public final class WaitGroup {

  /** The work of a task. */
  @FunctionalInterface
  public interface Work {
    /** Does the work; an await reports its exceptions. */
    void run() throws Exception;
  }

  /** The failures since the last report. Guarded by the monitor. */
  private static final class Round {
    final Failures failures = new Failures();
    boolean reported;
  }

  private final @Nullable Consumer<? super NotedException> onFailure;
  private Round round = new Round();
  private Channel<Void> idle = Channel.rendezvous();
  private int count;

  /** With a count of zero. */
  public WaitGroup() {
    onFailure = null;
    idle.close();
  }

  /**
   * With a count of zero, and a handler of failures. Each failure of a task is handed to the
   * handler in the thread of the task, before the task counts as done. It is not kept: the awaits
   * report only exceptions of the handler itself.
   *
   * @param onFailure receives the exception of a task, with the site of its {@link #go} as a note;
   *     several threads may call it at once
   */
  public WaitGroup(Consumer<? super NotedException> onFailure) {
    this.onFailure = Objects.requireNonNull(onFailure, "onFailure");
    idle.close();
  }

  /**
   * Adds to the count; threads that await go on when it becomes zero. Add for a task before the
   * task is started, or an await may come before it.
   *
   * @param delta may be negative
   * @throws IllegalStateException if the count would become negative; it is not changed
   * @throws ArithmeticException if the count would be larger than an {@code int} can be
   */
  public synchronized void add(int delta) {
    StackReserve.ensureOverChannels();
    int sum = Math.addExact(count, delta);
    if (sum < 0) {
      throw new IllegalStateException(
          "the count of the wait group would become negative: it is %d, and %d is added; is there a done() without an add()?"
              .formatted(count, delta));
    }
    if (count == 0 && sum > 0) {
      idle = Channel.rendezvous();
      if (round.reported) {
        round = new Round();
      }
    }
    if (count > 0 && sum == 0) {
      idle.close();
    }
    count = sum;
  }

  /**
   * Takes one from the count.
   *
   * @throws IllegalStateException if the count is zero
   */
  public void done() {
    add(-1);
  }

  /** How many are under way. */
  public synchronized int count() {
    return count;
  }

  /**
   * Counts one up, and does the work in a new virtual thread, in the caller's {@linkplain
   * Context#current() current} context; counts one down when it ends, however it ends. The await
   * reports its exception, an {@code Error} included, together with the site of this call. For
   * results, fork tasks in a {@link TaskGroup}.
   */
  public void go(Work work) {
    StackReserve.ensureOverChannels();
    Objects.requireNonNull(work, "work");
    var task =
        new Task<@Nullable Void>(
            () -> {
              work.run();
              return null;
            });
    Context context = Context.current();
    Round own;
    synchronized (this) {
      add(1);
      own = round;
    }
    boolean started = false;
    try {
      Thread.ofVirtual().name("millrace-wait-group").start(() -> run(task, context, own));
      started = true;
    } finally {
      if (!started) {
        done();
      }
    }
  }

  private void run(Task<?> task, Context context, Round own) {
    try {
      Inside.onlyOf(this)
          .run(
              () ->
                  context.run(
                      () -> {
                        task.run();
                        failed(task.noted(), own);
                      }));
    } finally {
      done();
    }
  }

  private void failed(@Nullable NotedException thrown, Round own) {
    NotedException failure =
        thrown == null || onFailure == null ? thrown : Failures.handle(onFailure, thrown);
    if (failure != null) {
      synchronized (this) {
        own.failures.add(failure, Failures.MAX_KEPT);
      }
    }
  }

  /**
   * Waits until the count is zero.
   *
   * @throws ExecutionException if tasks of {@link #go} have thrown. Its cause is the first
   *     exception, as it was thrown. The site of its {@link #go} is suppressed, and so are the
   *     other failures, each as a {@link NotedException} with a site of its own
   * @throws InterruptedException if the thread is interrupted while it waits
   * @throws IllegalStateException if it is called by a task of {@link #go}, or by a task of a
   *     {@link TaskGroup} inside of one: it would wait for itself. So do all forms of await
   */
  public void await() throws InterruptedException, ExecutionException {
    await(Context.background());
  }

  /**
   * Like {@link #await()}, and gives up when {@code cancellation} comes.
   *
   * @throws CancellationException if it comes before the count is zero
   */
  public void await(Cancellation cancellation) throws InterruptedException, ExecutionException {
    throwAny(awaitRound(cancellation));
  }

  /**
   * Like {@link #await()}, but waits for {@code timeout} at the most.
   *
   * @return whether the count was zero in time
   */
  public boolean await(Duration timeout) throws InterruptedException, ExecutionException {
    StackReserve.ensureOverChannels();
    refuseOwnTask();
    Channel<Void> waitsFor;
    Round own;
    synchronized (this) {
      waitsFor = idle;
      own = round;
    }
    boolean inTime =
        new Select<Boolean>()
            .onReceive(waitsFor, never -> true, () -> true)
            .onTimeout(timeout, () -> false)
            .select();
    if (inTime) {
      throwAny(own);
    }
    return inTime;
  }

  /**
   * Like {@link #await()}, but returns the exceptions of the tasks, in the order in which they were
   * thrown. Each is a {@link NotedException}: its cause is the exception of the task, and its note
   * is the site of the {@link #go}.
   */
  public List<Throwable> awaitFailures() throws InterruptedException {
    return awaitFailures(Context.background());
  }

  /**
   * Like {@link #awaitFailures()}, and gives up when {@code cancellation} comes.
   *
   * @throws CancellationException if it comes before the count is zero
   */
  public List<Throwable> awaitFailures(Cancellation cancellation) throws InterruptedException {
    Round own = awaitRound(cancellation);
    synchronized (this) {
      return List.copyOf(report(own).kept());
    }
  }

  private Round awaitRound(Cancellation cancellation) throws InterruptedException {
    StackReserve.ensureOverChannels();
    refuseOwnTask();
    Channel<Void> waitsFor;
    Round own;
    synchronized (this) {
      waitsFor = idle;
      own = round;
    }
    waitsFor.receiveOrNull(cancellation);
    return own;
  }

  private void refuseOwnTask() {
    Inside.refuse(this, "an await of a wait group", "a task cannot wait for its own group");
  }

  /** From here on the group keeps nothing of the round, unless tasks of it run again. */
  private Failures report(Round own) {
    own.reported = true;
    if (round == own && count == 0) {
      round = new Round();
    }
    return own.failures;
  }

  private synchronized void throwAny(Round own) throws ExecutionException {
    Failures failures = report(own);
    if (!failures.isEmpty()) {
      throw failures.toException();
    }
  }
}
