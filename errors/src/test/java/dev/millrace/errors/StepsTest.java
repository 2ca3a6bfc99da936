package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** A sequence of steps ends at its first failure, or collects them all. */
class StepsTest {

  private final List<String> ran = new ArrayList<>();
  private final IOException failure = new IOException("disk full");

  private Steps.Step ok(String name) {
    return () -> ran.add(name);
  }

  private Steps.Step failing(Exception thrown) {
    return () -> {
      throw thrown;
    };
  }

  @Test
  void stepsWithoutFailure() throws Exception {
    var steps = Steps.untilFailure().run("a", ok("a")).run("b", ok("b"));
    steps.throwIfFailed();
    assertThat(steps.hasFailed()).isFalse();
    assertThat(ran).containsExactly("a", "b");
  }

  @Test
  void nothingRunsAfterTheFirstFailureAndTheSkippedStepsAreNamed() throws Exception {
    var steps =
        Steps.untilFailure()
            .run("open", ok("open"))
            .run("copy", failing(failure))
            .run("verify", ok("verify"))
            .run("publish", ok("publish"));
    assertThat(ran).containsExactly("open");
    assertThat(steps.skipped()).containsExactly("verify", "publish");
    assertThatThrownBy(steps::throwIfFailed)
        .isInstanceOf(ExecutionException.class)
        .hasMessage("step 'copy' failed; not run: [verify, publish]")
        .hasCause(failure);
    assertThat(failure.getSuppressed()).isEmpty();
  }

  @Test
  void allStepsRunAndAllFailuresAreCollected() throws Exception {
    var second = new IllegalStateException("locked");
    var steps =
        Steps.toTheEnd()
            .run("flush", failing(failure))
            .run("log", ok("log"))
            .run("unlock", failing(second));
    assertThat(ran).containsExactly("log");
    assertThat(steps.failures()).extracting(Throwable::getCause).containsExactly(failure, second);
    assertThatThrownBy(steps::throwIfFailed)
        .hasMessage("steps [flush, unlock] failed, this is the first failure")
        .hasCause(failure)
        .satisfies(
            e -> {
              assertThat(e.getSuppressed()).hasSize(1);
              assertThat(Causes.tree(e)).contains(second);
              assertThat(e.getSuppressed()[0].getSuppressed()[0])
                  .hasMessage("step 'unlock' failed");
            });
  }

  @Test
  void resultOfAStepIsNullIfItHasFailedOrWasSkipped() throws Exception {
    var steps = Steps.untilFailure();
    assertThat(steps.call("size", () -> 7)).isEqualTo(7);
    assertThat(
            steps.<Integer>call(
                "read",
                () -> {
                  throw failure;
                }))
        .isNull();
    assertThat(steps.call("later", () -> 8)).isNull();
  }

  @Test
  void errorAndInterruptAreThrownAtOnce() {
    var steps = Steps.toTheEnd();
    assertThatThrownBy(
            () ->
                steps.run(
                    "a",
                    () -> {
                      throw new LinkageError("planted");
                    }))
        .isInstanceOf(LinkageError.class);
    assertThatThrownBy(() -> steps.run("b", failing(new InterruptedException())))
        .isInstanceOf(InterruptedException.class);
    assertThat(steps.hasFailed()).isFalse();
  }
}
