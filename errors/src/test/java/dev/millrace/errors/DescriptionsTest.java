package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DescriptionsTest {

  /** An element with a foreign toString. */
  private interface Text {
    String make();
  }

  private static Object element(Text text) {
    return new Object() {
      @Override
      public String toString() {
        return text.make();
      }
    };
  }

  @SuppressWarnings("InfiniteRecursion") // the recursion is on purpose
  private static String endless(int depth) {
    return endless(depth + 1) + depth;
  }

  @Test
  void shortTextStaysAsItIs() {
    assertThat(Descriptions.ofElement("order 17")).isEqualTo("order 17");
    assertThat(Descriptions.ofElement(null)).isEqualTo("null");
    assertThat(Descriptions.ofCause(new IOException("boom")))
        .isEqualTo("java.io.IOException: boom");
  }

  @Test
  void textOfMegabytesIsCutOff() {
    assertThat(Descriptions.ofElement(element(() -> "x".repeat(60_000_000))))
        .hasSizeLessThan(250)
        .endsWith("… (60,000,000 characters)");
    assertThat(Descriptions.ofCause(new IOException("x".repeat(1_000_000)))).hasSizeLessThan(1_100);
  }

  @Test
  void pairOfSurrogatesIsNotCutInTwo() {
    String text = "x".repeat(199) + "\uD83D\uDE00".repeat(10);
    assertThat(Descriptions.ofElement(text)).startsWith("x".repeat(199) + "…");
  }

  @Test
  void textIsOnOneLine() {
    assertThat(Descriptions.ofElement("a\r\nb\tc\u0007")).isEqualTo("a\\r\\nb\\tc\\u0007");
  }

  @Test
  void toStringThatFailsIsNamed() {
    Object throwing =
        element(
            () -> {
              throw new IllegalStateException("no text");
            });
    assertThat(Descriptions.ofElement(throwing))
        .contains("DescriptionsTest")
        .contains("its toString threw java.lang.IllegalStateException");
    assertThat(Descriptions.ofElement(element(() -> endless(0))))
        .contains("its toString threw java.lang.StackOverflowError");
  }

  @Test
  void failureOfSuchAnElementHasAShortText() {
    Object huge = element(() -> "x".repeat(60_000_000));
    assertThat(Failure.of("parse", huge, new IOException("boom")).toString())
        .hasSizeLessThan(400)
        .startsWith("stage 'parse' failed on xxx")
        .endsWith("(attempt 1): java.io.IOException: boom");
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, 0 s",
    "PT-1S, 0 s",
    "PT0.000000999S, 999 ns",
    "PT0.000350999S, 350 µs",
    "PT0.012999S, 12 ms",
    "PT1.299S, 1.2 s",
    "PT59.999S, 59.9 s",
    "PT3M5.9S, 3 min 5 s",
    "PT2H7M59S, 2 h 7 min",
    "P3DT4H59M, 3 d 4 h"
  })
  void durationIsShownInTheUnitsOfAClock(Duration duration, String text) {
    assertThat(Descriptions.ofDuration(duration)).isEqualTo(text);
  }
}
