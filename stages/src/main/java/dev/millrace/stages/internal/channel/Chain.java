package dev.millrace.stages.internal.channel;

import dev.millrace.errors.Descriptions;

/**
 * What a thread does: its driver pushes elements into the first of its steps.
 *
 * <p>What goes wrong is told to the run before anything is closed, so that a close sees why.
 *
 * @param first the step that the driver pushes into
 */
public record Chain(Strand strand, Driver driver, Step first) implements Strand.Body {

  @Override
  public void run() {
    try {
      drive();
      if (strand.isStopped()) {
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
            strand.check();
            if (!first.done) {
              driver.run();
            }
          });
    } finally {
      driver.close();
    }
  }

  private void attempt(Strand.Body body) {
    try {
      body.run();
    } catch (Throwable e) {
      throw strand.thrown(e,
          cause -> "'%s' failed: %s".formatted(strand.name(), Descriptions.ofCause(cause)));
    }
  }
}
