package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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
}
