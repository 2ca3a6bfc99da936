package dev.millrace.errors;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of steps whose failures are looked at once, at the end: Go's sticky error.
 *
 * <pre>{@code
 * var steps = Steps.untilFailure();
 * steps.run("open", this::open);
 * steps.run("copy", this::copy); // not run if the first one has failed
 * steps.throwIfFailed();
 * }</pre>
 *
 * <p>{@link #untilFailure} stops at the first failure: later steps are skipped, and named. {@link
 * #toTheEnd} runs every step and collects the failures, for clean-up and for checks that should
 * report every fault. An {@link Error} or an {@link InterruptedException} is not the failure of a
 * step: both forms throw it at once.
 *
 * <p>Not thread-safe: the steps run in the calling thread, one after the other. Steps that run at
 * the same time are the tasks of a task group.
 */
public final class Steps {

  /** The body of a step. */
  @FunctionalInterface
  public interface Step {
    /** Does it. */
    void run() throws Exception;
  }

  private final boolean stopsAtFailure;
  private final List<NotedException> failures = new ArrayList<>();
  private final List<String> failed = new ArrayList<>();
  private final List<String> skipped = new ArrayList<>();

  private Steps(boolean stopsAtFailure) {
    this.stopsAtFailure = stopsAtFailure;
  }

  /** Steps that end at the first failure: the steps after it are not run. */
  public static Steps untilFailure() {
    return new Steps(true);
  }

  /** Steps that are all run, whatever fails. */
  public static Steps toTheEnd() {
    return new Steps(false);
  }

  /**
   * Runs a step, or skips it.
   *
   * @param name of the step, for messages
   * @throws InterruptedException if the step throws it
   */
  public Steps run(String name, Step step) throws InterruptedException {
    Objects.requireNonNull(step, "step");
    var _ =
        call(
            name,
            () -> {
              step.run();
              return true;
            });
    return this;
  }

  /**
   * Runs a step that has a result.
   *
   * @param name of the step, for messages
   * @return the result; null if the step has failed or was skipped
   * @throws InterruptedException if the step throws it
   */
  public <T> @Nullable T call(String name, Callable<? extends T> step) throws InterruptedException {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(step, "step");
    if (stopsAtFailure && hasFailed()) {
      skipped.add(name);
      return null;
    }
    try {
      return step.call();
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      failed.add(name);
      failures.add(NotedException.of(e, Note.of("step '" + name + "' failed")));
      return null;
    }
  }

  /** Whether a step has failed. */
  public boolean hasFailed() {
    return !failures.isEmpty();
  }

  /** The failures, in the order of their steps, each with a note that names the step. */
  public List<NotedException> failures() {
    return List.copyOf(failures);
  }

  /** The names of the steps that were not run. */
  public List<String> skipped() {
    return List.copyOf(skipped);
  }

  /**
   * Does nothing if no step has failed.
   *
   * @throws ExecutionException if one has: the cause is the exception of the first one, unchanged;
   *     the others are suppressed, each with a note that names its step
   */
  public void throwIfFailed() throws ExecutionException {
    if (!hasFailed()) {
      return;
    }
    NotedException first = failures.getFirst();
    String message =
        failures.size() == 1
            ? "step '%s' failed".formatted(failed.getFirst())
            : "steps %s failed, this is the first failure".formatted(failed);
    var exception =
        new ExecutionException(
            skipped.isEmpty() ? message : message + "; not run: " + skipped, first.getCause());
    failures.stream().skip(1).forEach(exception::addSuppressed);
    throw exception;
  }
}
