package dev.millrace.kafka.internal.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Records;
import dev.millrace.kafka.internal.settings.ConsumerDraft;
import dev.millrace.kafka.internal.settings.Pauses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.junit.jupiter.api.Test;

class BackPressureTest {

  private static final Duration OTHERWISE = Duration.ofMillis(100);

  /** Each poll costs some kilobytes: with few records, most of the garbage came from polls. */
  @Test
  void pollsGetLongerWhileNothingChangesAndShortAgainWhenSomethingDoes() {
    var mock = new MockConsumer<byte[], byte[]>("earliest");
    mock.assign(List.of(Records.NAME));
    var draft = new ConsumerDraft<String, String>();
    draft.buffer = 4;
    var backPressure = new BackPressure<>(mock, draft.settings(), new Pauses(), partition -> false);
    Partition<String, String> partition = Records.partition(Ordering.UNORDERED);
    backPressure.pauseWhatIsFull(List.of(partition));
    assertThat(backPressure.pollTimeout(OTHERWISE)).isEqualTo(OTHERWISE);
    Records.add(partition, 0, 1, 2, 3);
    List<Long> millis = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      backPressure.pauseWhatIsFull(List.of(partition));
      millis.add(backPressure.pollTimeout(OTHERWISE).toMillis());
    }
    assertThat(millis).containsExactly(5L, 10L, 20L, 40L, 40L, 40L);
    Records.takeAll(partition).forEach(Message::settle);
    backPressure.pauseWhatIsFull(List.of(partition));
    assertThat(backPressure.pollTimeout(OTHERWISE)).isEqualTo(OTHERWISE);
    Records.add(partition, 4, 5, 6, 7);
    backPressure.pauseWhatIsFull(List.of(partition));
    assertThat(backPressure.pollTimeout(OTHERWISE)).isEqualTo(Duration.ofMillis(5));
  }
}
