package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.errors.PanicException;
import dev.millrace.errors.PanicKind;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** A panic of a named kind is the failure of one element; any other goes on. */
class RecoveryTest {

  private final Recovery recovery = Recovery.of(PanicKind.STACK_OVERFLOW, PanicKind.ASSERTION);

  @SuppressWarnings("InfiniteRecursion") // this is the point
  private static int recurse(int depth) {
    return recurse(depth + 1) + 1;
  }

  @Test
  void namedKindsBecomeExceptions() throws Exception {
    StageFunction<Integer, Integer> deep = recovery.around(RecoveryTest::recurse);
    assertThatThrownBy(() -> deep.apply(0))
        .isInstanceOf(PanicException.class)
        .hasCauseInstanceOf(StackOverflowError.class)
        .extracting(e -> ((PanicException) e).kind())
        .isEqualTo(PanicKind.STACK_OVERFLOW);
    StageFunction<Integer, Integer> fine = recovery.around(n -> n + 1);
    assertThat(fine.apply(1)).isEqualTo(2);
  }

  @Test
  void otherErrorsAndExceptionsAreThrownAsTheyAre() {
    var linkage = new LinkageError("missing class");
    StageFunction<Integer, Integer> broken =
        recovery.around(
            n -> {
              throw linkage;
            });
    assertThatThrownBy(() -> broken.apply(0)).isSameAs(linkage);
    var failure = new IOException("no route");
    StageFunction<Integer, Integer> failing =
        recovery.around(
            n -> {
              throw failure;
            });
    assertThatThrownBy(() -> failing.apply(0)).isSameAs(failure);
  }

  @Test
  void fatalKindsAreRefused() {
    assertThatThrownBy(() -> Recovery.of(PanicKind.OUT_OF_MEMORY))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Recovery.of(PanicKind.LINKAGE, PanicKind.VIRTUAL_MACHINE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Recovery.of(PanicKind.EXCEPTION))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
