package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Errors are told apart by what can be trusted after them. */
class PanicKindTest {

  @Test
  void everyThrowableHasItsKind() {
    assertThat(PanicKind.of(new IOException())).isEqualTo(PanicKind.EXCEPTION);
    assertThat(PanicKind.of(Note.of("x"))).isEqualTo(PanicKind.EXCEPTION);
    assertThat(PanicKind.of(new AssertionError())).isEqualTo(PanicKind.ASSERTION);
    assertThat(PanicKind.of(new Error())).isEqualTo(PanicKind.ASSERTION);
    assertThat(PanicKind.of(new StackOverflowError())).isEqualTo(PanicKind.STACK_OVERFLOW);
    assertThat(PanicKind.of(new NoClassDefFoundError())).isEqualTo(PanicKind.LINKAGE);
    assertThat(PanicKind.of(new OutOfMemoryError())).isEqualTo(PanicKind.OUT_OF_MEMORY);
    assertThat(PanicKind.of(new InternalError())).isEqualTo(PanicKind.VIRTUAL_MACHINE);
  }

  @Test
  void onlyTheJvmsOwnErrorsAreFatal() {
    assertThat(PanicKind.values())
        .filteredOn(PanicKind::isFatal)
        .containsExactly(PanicKind.OUT_OF_MEMORY, PanicKind.VIRTUAL_MACHINE);
  }
}
