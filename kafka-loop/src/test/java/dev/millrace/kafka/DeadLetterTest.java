package dev.millrace.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.errors.ErrorCode;
import java.io.IOException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeadLetterTest {

  @ParameterizedTest
  @CsvSource({"1, 1 attempt", "2, 2 attempts"})
  void textCountsTheAttempts(int attempts, String counted) {
    var record = new ConsumerRecord<byte[], byte[]>("orders", 0, 7, null, null);
    var letter = new DeadLetter(record, DeadLetter.HANDLE, attempts, new IOException("poison"));
    assertThat(letter)
        .hasToString(
            "orders-0 at offset 7: 'handle' failed after %s: java.io.IOException: poison"
                .formatted(counted));
  }

  private static DeadLetter after(String hops) {
    var record = new ConsumerRecord<>("orders", 0, 5, new byte[0], new byte[0]);
    record.headers().add(DeadLetterHeaders.HOPS, hops.getBytes(UTF_8));
    return new DeadLetter(record, DeadLetter.HANDLE, 1, new IOException("poison"));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 2", "15, 16", "'', 1", "many, 1", "-5, 1", "99999, 1"})
  void hopsAreCountedInAHeader(String before, String counted) {
    var headers = after(before).toRecord("dead").headers();
    assertThat(new String(headers.lastHeader(DeadLetterHeaders.HOPS).value(), UTF_8))
        .isEqualTo(counted);
  }

  @Test
  void letterThatGoesRoundInACircleIsRefused() {
    assertThatThrownBy(() -> after("16").toRecord("dead"))
        .isInstanceOf(InvalidRecordException.class)
        .hasMessageContaining("orders-0 at offset 5 has been a dead letter 16 times")
        .hasMessageContaining("'dead'")
        .hasMessageContaining("'orders'");
  }

  @Test
  void letterForTheTopicOfItsRecordIsRefused() {
    assertThatThrownBy(() -> after("0").toRecord("orders"))
        .isInstanceOf(InvalidTopicException.class)
        .hasMessageContaining("deadLetterTopic(…)");
  }

  @Test
  void messageIsHiddenAndTheClassIsNot() {
    var record = new ConsumerRecord<>("orders", 0, 5, new byte[0], new byte[0]);
    var letter =
        new DeadLetter(record, DeadLetter.HANDLE, 1, new IOException("secret")).hidingMessage();
    String code = "error " + ErrorCode.of("secret").code();
    var headers = letter.toRecord("dead").headers();
    assertThat(new String(headers.lastHeader(DeadLetterHeaders.REASON).value(), UTF_8))
        .isEqualTo(code);
    assertThat(new String(headers.lastHeader(DeadLetterHeaders.EXCEPTION).value(), UTF_8))
        .isEqualTo("java.io.IOException");
    assertThat(letter.reason()).isEqualTo("IOException");
    assertThat(letter.toString()).endsWith("java.io.IOException: " + code);
    assertThat(letter.hidingMessage()).isSameAs(letter);
  }
}
