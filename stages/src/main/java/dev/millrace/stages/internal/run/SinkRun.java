package dev.millrace.stages.internal.run;

import dev.millrace.errors.Descriptions;
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
        throw cancelled(group, e);
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
      throw new ExecutionException("the run failed: " + Descriptions.ofCause(e), e);
    }
  }

  /** Throws the failure of the stage that cancelled the group, if one did. */
  private static CancellationException cancelled(TaskGroup group, CancellationException cause)
      throws InterruptedException, ExecutionException {
    try {
      group.join();
      return cause;
    } catch (CancellationException e) {
      return e;
    } catch (
        IllegalStateException e) { // the sink runs in a task of the group, which cannot join it
      return cause;
    }
  }

  /**
   * Hands a failure to its handler. If the handler throws, the thrown exception has both causes;
   * nothing is added to an exception of the user.
   */
  public static void handle(StageConsumer<? super Failure<?>> onFailure, Failure<?> failure)
      throws Exception {
    try {
      onFailure.accept(failure);
    } catch (InterruptedException | CancellationException e) {
      throw e;
    } catch (Exception | Error e) {
      if (e instanceof ExecutionException && e.getCause() == failure.cause()) {
        throw e;
      }
      var exception =
          new ExecutionException("the run failed: " + FailureChannel.handlerThrew(e, failure), e);
      failure.notes().forEach(exception::addSuppressed);
      if (e != failure.cause()) {
        exception.addSuppressed(failure.cause());
      }
      throw exception;
    }
  }

  /** The handler that stops the run with the failure's cause. */
  @SuppressWarnings("DoNotCallSuggester") // it is used as a handler
  public static void stop(Failure<?> failure) throws ExecutionException {
    throw failure.toException();
  }
}
