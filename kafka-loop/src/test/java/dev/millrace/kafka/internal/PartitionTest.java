package dev.millrace.kafka.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class PartitionTest {

  private final Partition<String, String> partition =
      new Partition<>(new TopicPartition("orders", 0));

  private static ConsumerRecord<String, String> record(long offset) {
    return new ConsumerRecord<>("orders", 0, offset, "k", "v");
  }

  @RepeatedTest(50)
  void commitNeverPassesTheFirstRecordThatIsNotSettled() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    long offset = random.nextInt(1000);
    for (int i = 0; i < 500; i++) {
      offset += 1 + (random.nextInt(5) == 0 ? random.nextInt(10) : 0); // gaps
      records.add(record(offset));
    }
    List<ConsumerRecord<String, String>> open = new ArrayList<>();
    long committed = -1;
    int added = 0;
    while (added < records.size() || !open.isEmpty()) {
      if (added < records.size() && random.nextBoolean()) {
        int more = Math.min(records.size(), added + 1 + random.nextInt(20));
        partition.add(records.subList(added, more));
        open.addAll(records.subList(added, more));
        added = more;
        Collections.shuffle(open, random);
      } else if (!open.isEmpty()) {
        assertThat(partition.settle(open.removeLast())).isTrue();
      }
      long now = partition.toCommit();
      if (now >= 0) {
        assertThat(now).as("seed %d", seed).isGreaterThan(committed);
        assertThat(open).as("seed %d", seed).allMatch(record -> record.offset() >= now);
        partition.committed(now);
        committed = now;
      }
    }
    assertThat(committed).as("seed %d", seed).isEqualTo(offset + 1);
  }

  @Test
  void recordOfAnEarlierOwnershipSettlesNothing() {
    partition.add(List.of(record(7)));
    var stale = record(7);
    assertThat(partition.begin(stale)).isFalse();
    assertThat(partition.settle(stale)).isFalse();
    assertThat(partition.toCommit()).isEqualTo(-1);
  }

  @Test
  void nothingBeginsAfterARevoke() throws Exception {
    var a = record(1);
    var b = record(2);
    partition.add(List.of(a, b));
    assertThat(partition.begin(a)).isTrue();
    partition.revoke();
    assertThat(partition.begin(b)).isFalse();
    assertThat(partition.next()).isNull();
    assertThat(partition.awaitIdle(Duration.ofMillis(5))).isFalse();
    assertThat(partition.settle(a)).isTrue();
    assertThat(partition.awaitIdle(Duration.ofMillis(5))).isTrue();
    assertThat(partition.toCommit()).isEqualTo(2);
  }

  @Test
  void abandonedRecordIsNotCommitted() throws Exception {
    var a = record(1);
    partition.add(List.of(a));
    partition.begin(a);
    partition.abandon(a);
    assertThat(partition.awaitIdle(Duration.ZERO)).isTrue();
    assertThat(partition.toCommit()).isEqualTo(-1);
  }

  @Test
  void settlingTwiceIsHarmless() {
    var a = record(1);
    partition.add(List.of(a));
    assertThat(partition.settle(a)).isTrue();
    assertThat(partition.settle(a)).isFalse();
    partition.committed(2);
    assertThat(partition.toCommit()).isEqualTo(-1);
  }

  @Test
  void offsetsThatDoNotRiseAreRefused() {
    partition.add(List.of(record(5)));
    assertThatThrownBy(() -> partition.add(List.of(record(5))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5");
  }
}
