package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorCodeTest {

  @Test
  void codeOfAKnownMessage() {
    assertThat(ErrorCode.of("Access denied for user 'db_user'@'127.0.0.1'")).hasToString("30EV");
  }

  @Test
  void codeOfAFailureIsThatOfItsMessage() {
    assertThat(ErrorCode.of(new IOException("disk full"))).isEqualTo(ErrorCode.of("disk full"));
    assertThat(ErrorCode.of(new IOException())).isEqualTo(ErrorCode.of("java.io.IOException"));
  }

  @Test
  void codesReadBackAndHaveNoLookAlikes() {
    Set<ErrorCode> codes = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      ErrorCode code = ErrorCode.of("message " + i);
      assertThat(code.code()).matches("[0-9A-HJ-NP-Z]{4}");
      assertThat(ErrorCode.parse(code.toString())).isEqualTo(code);
      codes.add(code);
    }
    assertThat(codes).hasSizeGreaterThan(9_800);
  }

  @ParameterizedTest
  @CsvSource({"30ev,30EV", "3oEv,30EV", " 30EV ,30EV", "l0Il,1011", "OOOO,0000"})
  void whatPeopleWriteIsRead(String written, String code) {
    assertThat(ErrorCode.parse(written)).hasToString(code);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "30E", "30EVX", "30-V", "30É9"})
  void whatIsNoCodeIsRefused(String written) {
    assertThatThrownBy(() -> ErrorCode.parse(written))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("four letters and digits")
        .hasMessageContaining("'" + written + "'");
  }

  @Test
  void constructorTakesTheCanonicalFormOnly() {
    assertThatThrownBy(() -> new ErrorCode("30ev")).hasMessageContaining("parse");
  }
}
