package dev.millrace.test;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A run of a pipeline under test: its failures, its counts, and its end. Each {@code expect} and
 * {@code await} method waits for its condition, at most as long as {@link Probe.Setup#within} says.
 * The text of an {@link AssertionError} shows the expected and the actual values, and the state of
 * the run ({@link Run#explain}).
 *
 * <p>Thread-safe, except that one thread at a time should call {@code expect} methods: each of them
 * takes the next failure or element.
 *
 * @param <R> the type of the result
 */
public class ProbedRun<R extends @Nullable Object> implements AutoCloseable {

  final Waiting waiting;
  final Duration patience;
  private final List<Failure<?>> failures = new ArrayList<>();
  private int expectedFailures;
  private @Nullable Run<R> run;

  ProbedRun(Waiting waiting, Duration patience) {
    this.waiting = waiting;
    this.patience = patience;
  }

  /** Starts the run with a handler that keeps the failures here, and then calls {@code next}. */
  void start(
      Function<StageConsumer<Failure<?>>, Run<R>> start, StageConsumer<? super Failure<?>> next) {
    run =
        start.apply(
            failure -> {
              waiting.change(
                  () -> {
                    failures.add(failure);
                  });
              next.accept(failure);
            });
    OpenRuns.add(this);
  }

  /** The run itself. */
  public Run<R> run() {
    return Objects.requireNonNull(run, "the run has not begun");
  }

  /** The counts of the run now. Does not block. */
  public RunReport report() {
    return run().report();
  }

  /** The failures of elements so far, in the order in which the handler got them. */
  public List<Failure<?>> failures() {
    return waiting.read(() -> List.copyOf(failures));
  }

  /** Cancels the run with a cause; returns at once. */
  public void cancel(Throwable cause) {
    run().cancel(cause);
  }

  /** Closes the sources and lets the elements under way finish; returns at once. */
  public void drain(Duration timeout) {
    run().drain(timeout);
  }

  /**
   * Waits for the next failure of an element.
   *
   * @param stage the name of the stage that must have failed
   * @param cause the type of its cause
   * @return the failure
   */
  public Failure<?> expectFailure(String stage, Class<? extends Throwable> cause)
      throws InterruptedException {
    int index = expectedFailures;
    Supplier<String> expected =
        () -> "expected a failure of stage '%s' by %s".formatted(stage, cause.getSimpleName());
    await(() -> failures.size() > index, expected);
    expectedFailures++;
    Failure<?> failure = failures().get(index);
    require(failure.stage().equals(stage) && cause.isInstance(failure.cause()), expected);
    return failure;
  }

  /**
   * Waits until the counts of a stage fulfil a condition, for example {@code stage ->
   * stage.received() == 3}.
   *
   * @return the counts that fulfil it
   * @throws IllegalArgumentException if there is no such stage; the message lists the stages
   */
  public StageReport awaitStage(String name, Predicate<? super StageReport> condition)
      throws InterruptedException {
    var last = new StageReport[] {report().stage(name)};
    await(
        () -> {
          last[0] = report().stage(name);
          return condition.test(last[0]);
        },
        () -> "the condition does not hold for " + last[0]);
    return last[0];
  }

  /** Waits until a condition of the test holds, such as a call of a fake. */
  public void await(String what, BooleanSupplier condition) throws InterruptedException {
    await(condition, () -> "expected " + what);
  }

  final void await(BooleanSupplier condition, Supplier<String> expected)
      throws InterruptedException {
    waiting.until(patience, condition, () -> expected.get() + state());
  }

  final void require(boolean holds, Supplier<String> expected) {
    if (!holds) {
      throw new AssertionError(expected.get() + state());
    }
  }

  /**
   * Waits until the run has completed with a result, and checks its books.
   *
   * @return the result of the sink
   */
  public R expectCompletion() throws InterruptedException {
    awaitEnd("the run to complete");
    try {
      R result = run().join();
      checkBooks();
      return result;
    } catch (ExecutionException | CancellationException e) {
      throw new AssertionError("expected the run to complete, but it threw " + e + state(), e);
    }
  }

  /**
   * Waits until a failure has stopped the run, and checks its books.
   *
   * @param cause the type of the cause
   * @return the cause
   */
  public <X extends Throwable> X expectStop(Class<X> cause) throws InterruptedException {
    awaitEnd("the run to fail with " + cause.getSimpleName());
    try {
      R result = run().join();
      throw new AssertionError(
          "expected the run to fail with %s, but its result is %s%s"
              .formatted(cause.getSimpleName(), result, state()));
    } catch (ExecutionException | CancellationException e) {
      boolean fits = e instanceof ExecutionException && cause.isInstance(e.getCause());
      if (!fits) {
        throw new AssertionError(
            "expected the run to fail with %s, but it threw %s, with the cause %s%s"
                .formatted(cause.getSimpleName(), e, e.getCause(), state()),
            e);
      }
      checkBooks();
      return cause.cast(Objects.requireNonNull(e.getCause()));
    }
  }

  /** Waits until the run has ended because it was cancelled with this cause; checks its books. */
  public void expectCancellation(Throwable cause) throws InterruptedException {
    awaitEnd("the run to be cancelled by " + cause);
    try {
      R result = run().join();
      throw new AssertionError(
          "expected the run to be cancelled by %s, but its result is %s%s"
              .formatted(cause, result, state()));
    } catch (ExecutionException | CancellationException e) {
      if (!(e instanceof CancellationException) || e.getCause() != cause) {
        throw new AssertionError(
            "expected the run to be cancelled by %s, but it threw %s, with the cause %s%s"
                .formatted(cause, e, e.getCause(), state()),
            e);
      }
      checkBooks();
    }
  }

  private void awaitEnd(String expected) throws InterruptedException {
    await(() -> run().isDone(), () -> "expected " + expected);
  }

  /**
   * Checks that the ledger of the run balances: each element that a stage has received was passed
   * on, has failed, was dropped, or is accounted for as unprocessed or undelivered. After the end,
   * nothing may be in flight or queued.
   */
  public void checkBooks() {
    RunReport report = report();
    require(report.balances(), () -> "the ledger of the run does not balance");
    boolean isEmpty =
        report.stages().stream().allMatch(stage -> stage.inFlight() == 0 && stage.queued() == 0);
    require(!report.done() || isEmpty, () -> "there are elements in the run after its end");
  }

  /** More lines about the state, for the text of an error. */
  String more() {
    return "";
  }

  /** The state of the run, for the text of an error. */
  final String state() {
    var text = new StringBuilder("\nThe run:\n");
    text.append(run().explain()).append(report());
    List<Failure<?>> failed = failures();
    if (!failed.isEmpty()) {
      text.append("\nfailures:");
      failed.forEach(failure -> text.append("\n  ").append(failure));
    }
    return text.append(more()).toString();
  }

  /** Cancels the run if it has not ended, and waits until no thread of it is alive. */
  @Override
  public void close() {
    OpenRuns.remove(this);
    run().close();
  }
}
