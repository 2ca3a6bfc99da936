package dev.millrace.kafka.internal.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RetryHeaders;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Records;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.junit.jupiter.api.Test;

/** A partition does not know a record that is not due: no commit passes the record. */
class DelayedRecordsTest {

  private static final Duration DELAY = Duration.ofMinutes(1);
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final DelayedRecords<String, String> delayed =
      new DelayedRecords<>(Map.of(Records.NAME.topic(), DELAY));
  private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);

  private static ConsumerRecord<byte[], byte[]> record(long offset, long fromNow) {
    ConsumerRecord<byte[], byte[]> record = Records.record(offset, "k");
    String due = Long.toString(System.currentTimeMillis() + fromNow);
    record.headers().add(RetryHeaders.DUE, due.getBytes(StandardCharsets.UTF_8));
    return record;
  }

  private void add(List<ConsumerRecord<byte[], byte[]>> records) {
    long last = records.getLast().offset();
    delayed.add(partition, records, new OffsetAndMetadata(last + 1));
  }

  @Test
  void thePositionIsBeforeTheFirstRecordThatIsNotDue() {
    add(List.of(record(0, -1), record(1, 300), record(2, 60_000)));
    assertThat(delayed.holds(partition)).isTrue();
    assertThat(partition.position()).isEqualTo(1);
    assertThat(delayed.untilDue(SECOND)).isLessThanOrEqualTo(Duration.ofMillis(300));
    await().until(() -> delayed.release(List.of(partition)));
    assertThat(partition.position()).isEqualTo(2);
    assertThat(Records.takeAll(partition)).hasSize(2);
    assertThat(delayed.holds(partition)).isTrue();
    assertThat(delayed.untilDue(SECOND)).isEqualTo(SECOND);
  }

  @Test
  void recordsWithoutADueTimeAreNotHeld() {
    add(List.of(Records.record(0, "k"), Records.record(1, "k")));
    assertThat(delayed.holds(partition)).isFalse();
    assertThat(partition.position()).isEqualTo(2);
  }

  @Test
  void recordsOfAnOwnershipThatHasEndedAreForgotten() {
    add(List.of(record(0, 60_000)));
    assertThat(delayed.release(List.of(Records.partition(Ordering.UNORDERED)))).isFalse();
    assertThat(delayed.holds(partition)).isFalse();
    assertThat(partition.position()).isEqualTo(-1);
  }

  @Test
  void recordsOfAPartitionWhoseStartIsAskedForAgainAreForgotten() {
    add(List.of(record(0, 60_000)));
    partition.hold();
    assertThat(delayed.release(List.of(partition))).isFalse();
    assertThat(delayed.holds(partition)).isFalse();
    add(List.of(record(1, 60_000)));
    assertThat(delayed.holds(partition)).as("the partition refuses them").isFalse();
    assertThat(partition.position()).isEqualTo(-1);
  }
}
