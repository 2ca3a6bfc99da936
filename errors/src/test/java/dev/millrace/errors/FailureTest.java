package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class FailureTest {

  private final IOException boom = new IOException("boom");

  @Test
  void whatAFunctionThrowsIsTheFirstAttempt() {
    Failure<String> failure = Failure.of("parse", "x", boom);
    assertThat(failure.attempt()).isEqualTo(1);
    assertThat(failure.cause()).isSameAs(boom);
    assertThat(Duration.between(failure.time(), Instant.now())).isLessThan(Duration.ofMinutes(1));
    assertThat(failure)
        .hasToString("stage 'parse' failed on x (attempt 1): java.io.IOException: boom");
  }

  @Test
  void attemptsAndCauseAreTakenFromTheRetry() {
    Failure<String> failure = Failure.of("parse", "x", new RetryException(4, boom));
    assertThat(failure.attempt()).isEqualTo(4);
    assertThat(failure.cause()).isSameAs(boom);
  }

  @Test
  void retrySaysHowOftenAndWhy() {
    assertThat(new RetryException(4, boom))
        .hasMessage("gave up after 4 attempts: java.io.IOException: boom")
        .hasCause(boom);
    assertThatThrownBy(() -> new RetryException(0, boom))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("attempts must be at least 1, but are 0");
  }

  @Test
  void attemptsCountFromOne() {
    assertThatThrownBy(() -> new Failure<>("parse", "x", 0, boom, Instant.now()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1");
  }
}
