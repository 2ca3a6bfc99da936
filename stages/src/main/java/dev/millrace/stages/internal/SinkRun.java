package dev.millrace.stages.internal;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.sync.TaskGroup;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;

/** How a sink ends, whatever it takes its elements from. */
public final class SinkRun {

  /** Takes values and failures until there are no more. */
  public interface Loop {
    /** Returns when both sides have ended. */
    void run() throws Exception;
  }

  private SinkRun() {}

  /** Runs the loop; whatever it throws cancels the group, and is thrown as sinks promise it. */
  public static void run(TaskGroup group, Loop loop)
      throws InterruptedException, ExecutionException {
    try {
      loop.run();
      // A stage that fails cancels the group before it ends.
      group.context().throwIfCancelled();
    } catch (CancellationException e) {
      if (group.context().isCancelled()) {
        group.join(); // throws the failure of the stage that cancelled the group, if one did
      }
      group.cancel(e);
      throw e;
    } catch (InterruptedException e) {
      group.cancel(e);
      throw e;
    } catch (ExecutionException e) {
      group.cancel(Objects.requireNonNullElse(e.getCause(), e));
      throw e;
    } catch (Throwable e) {
      group.cancel(e);
      throw new ExecutionException("the run failed: " + e, e);
    }
  }

  /** Hands a failure to its handler; if that throws, the failure is not lost. */
  public static void handle(StageConsumer<? super Failure<?>> onFailure, Failure<?> failure)
      throws Exception {
    try {
      onFailure.accept(failure);
    } catch (Exception | Error e) {
      if (e != failure.cause() && e.getCause() != failure.cause()) {
        e.addSuppressed(failure.cause());
      }
      throw e;
    }
  }

  /** The handler that stops the run with the failure's cause. */
  @SuppressWarnings("DoNotCallSuggester") // it is used as a handler
  public static void stop(Failure<?> failure) throws ExecutionException {
    throw failure.toException();
  }
}
