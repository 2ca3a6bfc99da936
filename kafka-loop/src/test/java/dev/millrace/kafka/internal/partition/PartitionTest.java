package dev.millrace.kafka.internal.partition;

import static dev.millrace.kafka.internal.partition.Records.add;
import static dev.millrace.kafka.internal.partition.Records.take;
import static dev.millrace.kafka.internal.partition.Records.takeAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.Front;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.offsets.OffsetRanges;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class PartitionTest {

  private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);

  private long toCommit() {
    Commit<String, String> commit = partition.commits().toCommit();
    return commit == null ? -1 : commit.offset();
  }

  /** confluentinc/parallel-consumer#894: a wrong offset is committed. */
  @RepeatedTest(50)
  void commitNeverPassesTheFirstRecordThatIsNotSettledNorGoesBack() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    long offset = random.nextInt(1000);
    for (int i = 0; i < 500; i++) {
      offset += 1 + (random.nextInt(5) == 0 ? random.nextInt(10) : 0); // gaps
      records.add(Records.record(offset, "k"));
    }
    List<Message<String, String>> open = new ArrayList<>();
    Set<Long> settled = new HashSet<>();
    long committed = -1;
    int added = 0;
    while (added < records.size() || !open.isEmpty()) {
      if (added < records.size() && random.nextBoolean()) {
        int more = Math.min(records.size(), added + 1 + random.nextInt(20));
        partition.add(records.subList(added, more), records.get(more - 1).offset() + 1);
        open.addAll(takeAll(partition));
        added = more;
        Collections.shuffle(open, random);
      } else if (!open.isEmpty()) {
        settled.add(open.getLast().raw().offset());
        open.removeLast().settle();
      }
      Commit<String, String> commit = partition.commits().toCommit();
      if (commit != null) {
        long now = commit.offset();
        assertThat(now).as("seed %d", seed).isGreaterThanOrEqualTo(committed);
        assertThat(open)
            .as("seed %d", seed)
            .allMatch(message -> message.raw().offset() >= now)
            .noneMatch(message -> commit.ahead().contains(message.raw().offset()));
        assertThat(settled)
            .as("seed %d", seed)
            .allMatch(one -> one < now || commit.ahead().contains(one));
        partition.commits().committed(commit);
        committed = now;
      }
    }
    assertThat(committed).as("seed %d", seed).isEqualTo(offset + 1);
    assertThat(partition.commits().toCommit()).isNull();
  }

  @Test
  void gapsOfCompactedAndTransactionalTopicsArePassed() {
    partition.add(List.of(Records.record(10, "k")), 15); // 11 to 14 do not exist
    takeAll(partition).getFirst().settle();
    assertThat(toCommit()).isEqualTo(15);
    partition.add(List.of(), 20); // a marker of a transaction, and nothing else
    assertThat(toCommit()).isEqualTo(20);
  }

  @Test
  void recordOfAnEarlierOwnershipSettlesNothing() {
    add(partition, 7);
    Message<String, String> stale = takeAll(partition).getFirst();
    var again = Records.partition(Ordering.UNORDERED);
    add(again, 7);
    stale.settle();
    assertThat(Objects.requireNonNull(again.commits().toCommit()).offset()).isEqualTo(7);
    assertThat(takeAll(again).getFirst().begin()).isTrue();
  }

  @Test
  void nothingBeginsAfterARevoke() throws Exception {
    add(partition, 1, 2, 3);
    Message<String, String> a = take(partition);
    Message<String, String> b = take(partition);
    assertThat(a.begin()).isTrue();
    partition.revoke();
    assertThat(b.begin()).isFalse();
    assertThat(partition.take()).isNull();
    assertThat(partition.awaitIdle(Duration.ofMillis(5))).isFalse();
    a.settle();
    assertThat(partition.awaitIdle(Duration.ofMillis(5))).isTrue();
    assertThat(toCommit()).isEqualTo(2);
  }

  /** Two handlers of one key run at once, although each ownership has only one. */
  @Test
  void nothingIsHandedOutWhileSomethingOfAnEarlierOwnershipRuns() {
    add(partition, 1);
    Message<String, String> straggler = takeAll(partition).getFirst();
    straggler.begin();
    partition.revoke();
    var again = Records.partition(Ordering.UNORDERED);
    again.after(partition);
    add(again, 1);
    var third = Records.partition(Ordering.UNORDERED);
    again.revoke();
    third.after(again);
    add(third, 1);
    assertThat(third.take()).isNull();
    straggler.abandon();
    assertThat(third.take()).isNotNull();
  }

  @Test
  void abandonedRecordIsNotCommittedAndMayBeginAgain() throws Exception {
    add(partition, 1);
    Message<String, String> a = takeAll(partition).getFirst();
    a.begin();
    a.abandon();
    assertThat(partition.awaitIdle(Duration.ZERO)).isTrue();
    assertThat(toCommit()).isEqualTo(1);
    assertThat(a.begin()).isTrue();
    a.settle();
    assertThat(toCommit()).isEqualTo(2);
  }

  @Test
  void settlingTwiceIsHarmless() {
    add(partition, 1, 2);
    Message<String, String> a = takeAll(partition).getFirst();
    a.settle();
    a.settle();
    assertThat(a.begin()).isFalse();
    assertThat(toCommit()).isEqualTo(2);
    assertThat(partition.commits().uncommitted()).isEqualTo(1);
  }

  @Test
  void recordsThatWereSettledBeyondTheCommitAreNotHandledAgain() {
    partition.resume(10, new OffsetRanges(new long[] {12, 15, 20, 21}));
    add(partition, 10, 11, 12, 14);
    List<Message<String, String>> messages = takeAll(partition);
    assertThat(messages).extracting(message -> message.raw().offset()).containsExactly(10L, 11L);
    messages.getLast().settle();
    Commit<String, String> commit = Objects.requireNonNull(partition.commits().toCommit());
    assertThat(commit.offset()).isEqualTo(10);
    // The offsets that were not polled again yet are not forgotten.
    assertThat(commit.ahead()).isEqualTo(new OffsetRanges(new long[] {11, 15, 20, 21}));
    messages.getFirst().settle();
    assertThat(toCommit()).isEqualTo(15);
    add(partition, 19, 20, 21);
    assertThat(takeAll(partition))
        .extracting(message -> message.raw().offset())
        .containsExactly(19L, 21L);
  }

  @Test
  void bytesThatAreNotSettledAreBounded() {
    partition.add(
        LongStream.range(0, 10)
            .mapToObj(
                i ->
                    new ConsumerRecord<>(
                        "orders",
                        0,
                        i,
                        0L,
                        TimestampType.CREATE_TIME,
                        -1,
                        100,
                        (byte[]) null,
                        new byte[100],
                        new RecordHeaders(),
                        Optional.empty()))
            .toList(),
        10);
    long all = 10 * (100 + 200); // the objects around a record count as 200 bytes
    assertThat(partition.isFull(100, 100, all + 1)).isFalse();
    assertThat(partition.isFull(100, 100, all)).isTrue();
    take(partition);
    take(partition).settle();
    assertThat(partition.isFull(100, 100, all)).isFalse();
  }

  @Test
  void bytesOfHeadersAreBoundedAsWell() {
    byte[] trace = new byte[500_000];
    partition.add(
        LongStream.range(0, 20)
            .mapToObj(i -> Records.record(i, "k"))
            .peek(one -> one.headers().add("trace", trace).add("nothing", null))
            .toList(),
        20);
    assertThat(partition.isFull(100, 100, 8 << 20)).isTrue();
    takeAll(partition).forEach(Message::settle);
    assertThat(partition.isFull(100, 100, 1)).isFalse();
  }

  /**
   * A thousand records with 500 KB of headers each are 500 MB; a partition holds 8.5 MB of them.
   */
  @Test
  void recordsWithLargeHeadersAreCountedExactlyAndMemoryIsBounded() {
    byte[] trace = new byte[500_000];
    long each = 200L + "k".length() + "v0".length() + 96 + "trace".length() + trace.length;
    long limit = 8 << 20;
    int polled = 0;
    int most = 0;
    List<Message<String, String>> held = new ArrayList<>();
    while (polled < 1_000) {
      while (polled < 1_000 && !partition.isFull(10_000, 10_000, limit)) {
        ConsumerRecord<byte[], byte[]> record = Records.record(polled % 10, "k");
        var next = new ConsumerRecord<>("orders", 0, polled, record.key(), record.value());
        next.headers().add("trace", trace);
        polled++;
        partition.add(List.of(next), polled);
        held.add(take(partition));
        assertThat(partition.isFull(10_000, 10_000, held.size() * each)).isTrue();
        assertThat(partition.isFull(10_000, 10_000, held.size() * each + 1)).isFalse();
      }
      most = Math.max(most, held.size());
      held.removeFirst().settle();
    }
    assertThat(most).isEqualTo((int) Math.ceilDiv(limit, each)).isEqualTo(17);
    held.forEach(Message::settle);
    assertThat(partition.isFull(10_000, 10_000, 1)).isFalse();
  }

  @Test
  void ageOfTheFirstRecordCountsFromWhenItBecameTheFirst() {
    assertThat(partition.progress().front()).isNull();
    add(partition, 5, 8);
    Front first = Objects.requireNonNull(partition.progress().front());
    assertThat(first.offset()).isEqualTo(5);
    assertThat(first.why()).contains("turn");
    Message<String, String> message = take(partition);
    message.begin();
    assertThat(Objects.requireNonNull(partition.progress().front()).why()).contains("handled");
    long before = System.nanoTime();
    message.settle();
    Front next = Objects.requireNonNull(partition.progress().front());
    assertThat(next.offset()).isEqualTo(8);
    assertThat(next.age()).isLessThanOrEqualTo(Duration.ofNanos(System.nanoTime() - before));
  }

  @Test
  void offsetsBehindAnOpenTransactionStandFromWhenTheyAreHidden() {
    add(partition, 4);
    take(partition).settle();
    partition.progress().ends(5, 5);
    assertThat(partition.progress().front()).isNull();
    long quiet = System.nanoTime();
    partition.progress().ends(8, 5);
    long hidden = System.nanoTime();
    Front front = Objects.requireNonNull(partition.progress().behindTransaction());
    assertThat(front.offset()).isEqualTo(5);
    assertThat(front.age()).isLessThanOrEqualTo(Duration.ofNanos(System.nanoTime() - quiet));
    assertThat(front.why()).contains("hides 3 offsets");
    assertThat(Objects.requireNonNull(partition.progress().front()).why()).isEqualTo(front.why());
    assertThat(partition.progress().status(false).withheld()).isEqualTo(3);
    long more = System.nanoTime();
    partition.progress().ends(9, 5);
    assertThat(Objects.requireNonNull(partition.progress().front()).age())
        .isGreaterThanOrEqualTo(Duration.ofNanos(more - hidden));
    partition.progress().ends(9, 9);
    assertThat(partition.progress().front()).isNull();
  }

  /** An open transaction does not hide records that the handlers could already have. */
  @Test
  void recordsBeforeAnOpenTransactionAreTheFrontFirst() {
    add(partition, 4);
    partition.progress().ends(8, 5);
    assertThat(partition.progress().behindTransaction()).isNull();
    assertThat(Objects.requireNonNull(partition.progress().front()).offset()).isEqualTo(4);
  }

  @Test
  void lagFallsWithTheEndOfALogThatWasCut() {
    add(partition, 4);
    partition.progress().fetchedEnd(100);
    assertThat(partition.progress().status(false).lag()).hasValue(96);
    partition.progress().fetchedEnd(50);
    assertThat(partition.progress().status(false).lag()).hasValue(46);
  }

  @Test
  void offsetsThatDoNotRiseAreRefused() {
    add(partition, 5);
    assertThat(partition.wouldGoBack(5)).isTrue();
    assertThat(partition.wouldGoBack(6)).isFalse();
    assertThatThrownBy(() -> add(partition, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5");
  }

  /** A partition object lives as long as a handler that hangs. */
  @Test
  void partitionThatIsForgottenKeepsOnlyWhatRuns() {
    List<WeakReference<byte[]>> values = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      var record = Records.record(i, "k");
      values.add(new WeakReference<>(record.value()));
      partition.add(List.of(record), i + 1);
    }
    Message<String, String> running = take(partition);
    assertThat(running.begin()).isTrue();
    take(partition).settle();
    partition.revoke();
    partition.forget();
    Awaitility.await()
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(values.stream().filter(one -> one.get() != null)).hasSize(1);
            });
    assertThat(partition.isIdle()).isFalse();
    running.settle();
    assertThat(partition.isIdle()).isTrue();
  }
}
