package dev.millrace.sync;

import dev.millrace.channel.Cancellation;
import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A counter of what is under way, to be waited for until it is zero: Go's {@code sync.WaitGroup},
 * with a safe way to run tasks.
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
 * <p>What tasks have thrown is kept until an await has reported it: {@link #await()} throws it,
 * {@link #awaitFailures()} returns it. After that the group can be used again, like a new one.
 *
 * <p>Safe for use by many threads. Counting takes one uncontended monitor, {@link #go} a virtual
 * thread and the stack trace of the forking site. What happens before a {@link #done} happens
 * before the return of an await that it ends.
 */
public final class WaitGroup {

  /** What a task does. */
  @FunctionalInterface
  public interface Work {
    /** Does it; what it throws is reported by the await. */
    void run() throws Exception;
  }

  /** What was thrown since the last report. Guarded by the monitor. */
  private static final class Failures {
    final List<Throwable> thrown = new ArrayList<>();
    boolean reported;
  }

  private Failures failures = new Failures();
  private Channel<Void> idle = Channel.rendezvous();
  private int count;

  /** With a count of zero. */
  public WaitGroup() {
    idle.close();
  }

  /**
   * Adds to the count; those who wait go on when it becomes zero. What is added for a task is to be
   * added before the task is started, else an await may come before it.
   *
   * @param delta may be negative
   * @throws IllegalStateException if the count would become negative; it is not changed
   * @throws ArithmeticException if the count would be larger than an {@code int} can be
   */
  public synchronized void add(int delta) {
    int sum = Math.addExact(count, delta);
    if (sum < 0) {
      throw new IllegalStateException(
          "the count of the wait group would become negative: it is %d, and %d is added; is there a done() without an add()?"
              .formatted(count, delta));
    }
    if (count == 0 && sum > 0) {
      idle = Channel.rendezvous();
      if (failures.reported) {
        failures = new Failures();
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
   * Context#current() current} context; counts one down when it ends, however it ends. What it
   * throws, an {@code Error} included, is kept for the await, with the site of this call suppressed
   * in it. For results, fork tasks in a {@link TaskGroup}.
   */
  public void go(Work work) {
    Objects.requireNonNull(work, "work");
    var task =
        new Task<@Nullable Void>(
            () -> {
              work.run();
              return null;
            });
    Context context = Context.current();
    Failures round;
    synchronized (this) {
      add(1);
      round = failures;
    }
    boolean started = false;
    try {
      Thread.ofVirtual().name("millrace-wait-group").start(() -> run(task, context, round));
      started = true;
    } finally {
      if (!started) {
        done();
      }
    }
  }

  private void run(Task<?> task, Context context, Failures round) {
    context.run(task::run);
    Throwable failure = task.failure();
    synchronized (this) {
      if (failure != null) {
        round.thrown.add(failure);
      }
      done();
    }
  }

  /**
   * Waits until the count is zero.
   *
   * @throws ExecutionException if tasks of {@link #go} have thrown: its cause is what was thrown
   *     first, and the rest is suppressed in it
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void await() throws InterruptedException, ExecutionException {
    await(Context.background());
  }

  /**
   * As {@link #await()}, and gives up when {@code cancellation} comes.
   *
   * @throws CancellationException if it comes before the count is zero
   */
  public void await(Cancellation cancellation) throws InterruptedException, ExecutionException {
    throwAny(awaitFailures(cancellation));
  }

  /**
   * As {@link #await()}, but waits for {@code timeout} at the most.
   *
   * @return whether the count was zero in time
   */
  public boolean await(Duration timeout) throws InterruptedException, ExecutionException {
    Channel<Void> waitsFor;
    Failures round;
    synchronized (this) {
      waitsFor = idle;
      round = failures;
    }
    boolean inTime =
        new Select<Boolean>()
            .onReceive(waitsFor, never -> true, () -> true)
            .onTimeout(timeout, () -> false)
            .select();
    if (inTime) {
      throwAny(report(round));
    }
    return inTime;
  }

  /**
   * As {@link #await()}, but returns what the tasks have thrown, in the order in which it was
   * thrown.
   */
  public List<Throwable> awaitFailures() throws InterruptedException {
    return awaitFailures(Context.background());
  }

  /**
   * As {@link #awaitFailures()}, and gives up when {@code cancellation} comes.
   *
   * @throws CancellationException if it comes before the count is zero
   */
  public List<Throwable> awaitFailures(Cancellation cancellation) throws InterruptedException {
    Channel<Void> waitsFor;
    Failures round;
    synchronized (this) {
      waitsFor = idle;
      round = failures;
    }
    waitsFor.receiveOrNull(cancellation);
    return report(round);
  }

  private synchronized List<Throwable> report(Failures round) {
    round.reported = true;
    return List.copyOf(round.thrown);
  }

  private static void throwAny(List<Throwable> failures) throws ExecutionException {
    if (!failures.isEmpty()) {
      var exception = new ExecutionException("a task failed", failures.getFirst());
      failures.stream().skip(1).forEach(exception::addSuppressed);
      throw exception;
    }
  }
}
