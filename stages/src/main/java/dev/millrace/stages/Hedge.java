package dev.millrace.stages;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.errors.NotedException;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.sync.TaskGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls a function a second time when the first call takes long, and takes the result that comes
 * first.
 *
 * <pre>{@code
 * var hedge = Hedge.after(ofMillis(80)).withBudget(0.05); // 80 ms: slower than 95 of 100 calls
 * pipe.mapParallel("search", 16, hedge.around(this::search));
 * }</pre>
 *
 * <p>Each call runs in a virtual thread and a child context of its own. When one has returned, the
 * others are interrupted, and their results are discarded; so the function must be idempotent. The
 * result waits until all calls have ended: a function that ignores interrupts gains nothing.
 *
 * <p>A call that fails waits for the others. When all calls have failed, the first failure is
 * thrown. If there are more failures, it is thrown in a {@link NotedException}, with the others as
 * notes; nothing is added to the exceptions of the function. A failure before the delay is final;
 * {@link Retry} is the decorator for such failures. An {@link Error} and an interrupt end all at
 * once.
 *
 * <p>Thread-safe; all functions that it is put around share the budget. A call costs a task group
 * and a virtual thread, some microseconds. The idea is that of Jeffrey Dean and Luiz André Barroso,
 * "The Tail at Scale", CACM 2013.
 */
public final class Hedge {

  private final Duration delay;
  private final int maxAttempts;
  private final HedgeBudget budget;

  private Hedge(Duration delay, int maxAttempts, HedgeBudget budget) {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("the delay is negative: " + delay);
    }
    if (maxAttempts < 2) {
      throw new IllegalArgumentException(
          "a hedge needs at least 2 attempts, but is to have " + maxAttempts);
    }
    this.delay = delay;
    this.maxAttempts = maxAttempts;
    this.budget = budget;
  }

  /** A second call after {@code delay}. */
  public static Hedge after(Duration delay) {
    return new Hedge(delay, 2, HedgeBudget.unlimited());
  }

  /**
   * The same with {@code maxAttempts} calls, each one delay after the call before.
   *
   * @param maxAttempts how often the function is called at the most, the first time included; at
   *     least 2
   */
  public Hedge withMaxAttempts(int maxAttempts) {
    return new Hedge(delay, maxAttempts, budget);
  }

  /**
   * The same with a budget of extra calls: a fraction of all calls on average, and ten at once. So
   * a callee that is slow for all callers is not called twice by all. A call without budget waits
   * for its first attempt.
   *
   * @param fraction of the calls, more than 0, at most 1
   */
  public Hedge withBudget(double fraction) {
    return new Hedge(delay, maxAttempts, HedgeBudget.of(fraction));
  }

  /** The function with the hedge around it. */
  public <I, O> StageFunction<I, O> around(StageFunction<? super I, ? extends O> function) {
    StageFunction<I, O> whole = Calls.whole(function);
    return element -> {
      budget.called();
      try (var group = TaskGroup.open(Context.current())) {
        return new Race<I, O>(group, whole, element).run();
      }
    };
  }

  private sealed interface Answer<O> {
    record Value<O>(O value) implements Answer<O> {}

    record Failed<O>(Throwable failure) implements Answer<O> {}
  }

  /** The calls for one element. */
  private final class Race<I, O> {
    private final TaskGroup group;
    private final StageFunction<? super I, ? extends O> function;
    private final I element;
    private final Channel<Answer<O>> answers = Channel.buffered(maxAttempts);
    private final List<Exception> failures = new ArrayList<>();
    private int begun;
    private boolean complete; // no other call is to be begun

    Race(TaskGroup group, StageFunction<? super I, ? extends O> function, I element) {
      this.group = group;
      this.function = function;
      this.element = element;
    }

    O run() throws Exception {
      begin();
      while (true) {
        switch (next()) {
          case null -> hedge();
          case Answer.Value<O>(O value) -> {
            return value;
          }
          case Answer.Failed<O>(Throwable failure) -> failed(failure);
        }
      }
    }

    /** Null if it is time for another call. */
    private @Nullable Answer<O> next() throws InterruptedException {
      return complete ? answers.receive(group.context()) : answers.tryReceive(delay);
    }

    private void hedge() throws InterruptedException {
      if (budget.take()) {
        begin();
      } else {
        complete = true;
      }
    }

    private void begin() throws InterruptedException {
      group.fork(
          () -> {
            answers.send(answer());
            return true;
          });
      group.context().throwIfCancelled(); // then there may be no answer
      complete = ++begun == maxAttempts;
    }

    private Answer<O> answer() {
      try {
        return new Answer.Value<>(function.apply(element));
      } catch (Throwable e) {
        return new Answer.Failed<>(e);
      }
    }

    private void failed(Throwable failure) throws Exception {
      if (failure instanceof Error error) {
        throw error;
      }
      var exception = (Exception) failure;
      if (exception instanceof InterruptedException) {
        throw exception;
      }
      failures.add(exception);
      if (failures.size() == begun) {
        Exception first = failures.getFirst();
        throw begun == 1 ? first : NotedException.of(first, failures.subList(1, begun));
      }
    }
  }
}
