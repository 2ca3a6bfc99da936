package dev.millrace.kafka.internal.handling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Records;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** The order in which a partition hands out its records in batches, and takes them back. */
class BatchLanesTest {

  /** The state of each record, checked against the promises during the test. */
  private static final class Model {
    private final Ordering ordering;
    private final Partition<String, String> partition;
    private final List<List<Delivery<String, String>>> open = new ArrayList<>();
    private final Map<Object, TreeSet<Long>> unsettled = new HashMap<>();
    private final Map<Object, List<?>> owners = new HashMap<>();
    private int settled;

    Model(Ordering ordering) {
      this.ordering = ordering;
      this.partition = Records.partition(ordering);
    }

    private Object lane(ConsumerRecord<byte[], byte[]> record) {
      byte[] key = record.key();
      return switch (ordering) {
        case PARTITION -> "all";
        case KEY -> key == null ? record.offset() : Arrays.toString(key);
        case UNORDERED -> record.offset();
      };
    }

    private Object lane(Delivery<String, String> message) {
      return lane(message.raw());
    }

    void add(List<ConsumerRecord<byte[], byte[]>> records, int position) {
      records.forEach(
          one -> unsettled.computeIfAbsent(lane(one), l -> new TreeSet<>()).add(one.offset()));
      partition.add(records, position);
    }

    boolean take(int size) {
      List<Delivery<String, String>> batch = new ArrayList<>();
      for (Delivery<String, String> first;
          batch.size() < size && (first = partition.take()) != null; ) {
        assertThat(owners.putIfAbsent(lane(first), batch)).as("in one batch at a time").isNull();
        batch.add(first);
        for (Delivery<String, String> next = first;
            !first.isAlone() && batch.size() < size && (next = next.takeNext()) != null; ) {
          assertThat(next.isAlone()).isFalse();
          assertThat(owners.get(lane(next))).isSameAs(batch);
          batch.add(next);
        }
      }
      if (!batch.isEmpty()) {
        open.add(batch);
      }
      return !batch.isEmpty();
    }

    /** Ends a batch: {@code handled} of its records are settled, the others are given back. */
    void end(int number, int handled, boolean alone) {
      List<Delivery<String, String>> batch = open.remove(number);
      for (Delivery<String, String> message : batch.subList(0, handled)) {
        assertThat(Objects.requireNonNull(unsettled.get(lane(message))).pollFirst())
            .as("settled in order")
            .isEqualTo(message.raw().offset());
        message.settle();
        settled++;
      }
      batch.forEach(message -> owners.remove(lane(message)));
      for (Delivery<String, String> message : batch.subList(handled, batch.size()).reversed()) {
        if (alone) {
          message.setAlone();
        }
        message.giveBack();
      }
    }
  }

  @Property(tries = 300)
  void lanesAreInOneBatchAtATimeAndWhatIsGivenBackComesAgainInOrder(
      @ForAll Ordering ordering,
      @ForAll @IntRange(min = 1, max = 300) int records,
      @ForAll @IntRange(min = 1, max = 50) int keys,
      @ForAll @IntRange(min = 1, max = 40) int size,
      @ForAll long seed) {
    var random = new Random(seed);
    var model = new Model(ordering);
    int added = 0;
    while (model.settled < records) {
      switch (random.nextInt(3)) {
        case 0 -> {
          List<ConsumerRecord<byte[], byte[]>> some = new ArrayList<>();
          for (int n = random.nextInt(10); n > 0 && added < records; n--) {
            int key = (int) (keys * Math.pow(random.nextDouble(), 3)); // some keys are hot
            some.add(Records.record(added++, key == 0 ? null : "key-" + key));
          }
          model.add(some, added);
        }
        case 1 ->
            assertThat(model.take(size) || added == model.settled || !model.open.isEmpty())
                .as("nothing stands still")
                .isTrue();
        default -> {
          if (!model.open.isEmpty()) {
            int one = random.nextInt(model.open.size());
            int all = model.open.get(one).size();
            boolean succeeds = random.nextInt(3) > 0;
            model.end(one, succeeds ? all : random.nextInt(all), random.nextBoolean());
          }
        }
      }
    }
    assertThat(model.take(size)).isFalse();
    assertThat(model.partition.isFull(1, 1, 1)).isFalse();
    assertThat(Objects.requireNonNull(model.partition.commits().toCommit()).offset())
        .isEqualTo(records);
  }

  @Test
  void recordThatIsSettledBeforeThoseBeforeItLeavesTheLaneInOrder() {
    var partition = Records.partition(Ordering.PARTITION);
    partition.add(LongStream.range(0, 4).mapToObj(i -> Records.record(i, "k")).toList(), 4);
    Delivery<String, String> a = Objects.requireNonNull(partition.take());
    Delivery<String, String> b = Objects.requireNonNull(a.takeNext());
    b.settle();
    assertThat(partition.take()).isNull();
    a.settle();
    assertThat(Objects.requireNonNull(partition.take()).raw().offset()).isEqualTo(2);
  }

  @Test
  void nothingIsTakenOrGivenBackAfterARevoke() {
    var partition = Records.partition(Ordering.PARTITION);
    Records.add(partition, 0, 1, 2);
    Delivery<String, String> first = Objects.requireNonNull(partition.take());
    Delivery<String, String> second = Objects.requireNonNull(first.takeNext());
    first.begin();
    partition.revoke();
    assertThat(second.takeNext()).isNull();
    second.giveBack();
    assertThat(partition.take()).isNull();
    first.giveBack();
    assertThat(partition.isIdle()).isTrue();
  }
}
