package dev.millrace.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.ErrorCode;
import java.io.IOException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
