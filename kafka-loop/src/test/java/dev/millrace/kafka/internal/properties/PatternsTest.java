package dev.millrace.kafka.internal.properties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PatternsTest {

  @Test
  void firstPatternWithoutTheSecondMatchesWholeTextsOnly() {
    Pattern both = Patterns.without(Pattern.compile("orders|bills.*"), Pattern.compile(".*dead"));
    assertThat("orders").matches(both);
    assertThat("bills-2").matches(both);
    assertThat("bills-2.deadly").matches(both);
    assertThat("orders-2").doesNotMatch(both);
    assertThat("bills-2.dead").doesNotMatch(both);
  }

  @Test
  void letterCaseIsOfEachPattern() {
    Pattern both =
        Patterns.without(
            Pattern.compile("orders.*", Pattern.CASE_INSENSITIVE), Pattern.compile(".*dead"));
    assertThat("ORDERS").matches(both);
    assertThat("ORDERS.DEAD").matches(both);
    assertThat("ORDERS.dead").doesNotMatch(both);
  }

  @Test
  void eitherMatchesWhatOneOfThemMatches() {
    Pattern either =
        Patterns.either(
            Pattern.compile("orders|bills", Pattern.CASE_INSENSITIVE), Pattern.compile("a\\.b|c"));
    assertThat("BILLS").matches(either);
    assertThat("a.b").matches(either);
    assertThat("c").matches(either);
    assertThat("C").doesNotMatch(either);
    assertThat("axb").doesNotMatch(either);
  }

  @Test
  void otherFlagsAreRefused() {
    assertThatThrownBy(
            () -> Patterns.without(Pattern.compile("a", Pattern.LITERAL), Pattern.compile("b")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a'");
  }
}
