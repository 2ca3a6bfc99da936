package dev.millrace.stages.internal.channels;

import dev.millrace.errors.Descriptions;
import dev.millrace.stages.internal.run.Unwind;

/**
 * The work of a pipeline thread: its driver pushes elements into the first of its steps.
 *
 * <p>An exception is recorded in the run before anything is closed, so that a close sees the cause.
 *
 * @param first the step that the driver pushes into
 */
public record ThreadBody(PipelineThread thread, Driver driver, Step first)
    implements PipelineThread.Body {

  @Override
  public void run() {
    try {
      drive();
      if (thread.isStopped()) {
        throw Unwind.INSTANCE;
      }
      attempt(first::end);
    } finally {
      first.close();
    }
  }

  private void drive() {
    try {
      attempt(
          () -> {
            first.start();
            thread.check();
            if (!first.done) {
              driver.run();
            }
          });
    } finally {
      driver.close();
    }
  }

  private void attempt(PipelineThread.Body body) {
    try {
      body.run();
    } catch (Throwable e) {
      throw thread.thrown(
          e, cause -> "'%s' failed: %s".formatted(thread.name(), Descriptions.ofCause(cause)));
    }
  }
}
