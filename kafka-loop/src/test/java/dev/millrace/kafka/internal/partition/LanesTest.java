package dev.millrace.kafka.internal.partition;

import static dev.millrace.kafka.internal.partition.Records.takeAll;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The order in which a partition hands out its records. */
class LanesTest {

  /** The state of each record, checked against the promises during the test. */
  private static final class Model {
    private final Partition<String, String> partition;
    private final Ordering ordering;
    private final List<Message<String, String>> open = new ArrayList<>();
    private final Map<Object, Long> lastOfLane = new HashMap<>();
    private final Map<Object, Integer> openOfLane = new HashMap<>();
    private int settled;

    Model(Ordering ordering) {
      this.ordering = ordering;
      this.partition = Records.partition(ordering);
    }

    private Object lane(Message<String, String> message) {
      byte[] key = message.raw().key();
      return switch (ordering) {
        case PARTITION -> "all";
        case KEY -> key == null ? message : Arrays.toString(key);
        case UNORDERED -> message;
      };
    }

    boolean take() {
      Message<String, String> message = partition.take();
      if (message == null) {
        return false;
      }
      Object lane = lane(message);
      assertThat(openOfLane.merge(lane, 1, Integer::sum)).as("at the same time").isEqualTo(1);
      long offset = message.raw().offset();
      Long last = lastOfLane.put(lane, offset);
      assertThat(last == null || last < offset).as("offsets of a key rise").isTrue();
      assertThat(message.begin()).isTrue();
      open.add(message);
      return true;
    }

    void settle(int i) {
      Message<String, String> message = open.remove(i);
      openOfLane.merge(lane(message), -1, Integer::sum);
      message.settle();
      settled++;
    }
  }

  /** confluentinc/parallel-consumer#875: a record is silently skipped. */
  @Property(tries = 300)
  void recordsOfAKeyAreHandledOneAfterTheOtherAndAllAre(
      @ForAll Ordering ordering,
      @ForAll @IntRange(min = 1, max = 300) int records,
      @ForAll @IntRange(min = 1, max = 50) int keys,
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
          model.partition.add(some, added);
        }
        case 1 -> {
          boolean took = model.take();
          assertThat(took || added == model.settled || !model.open.isEmpty())
              .as("nothing stands still")
              .isTrue();
        }
        default -> {
          if (!model.open.isEmpty()) {
            model.settle(random.nextInt(model.open.size()));
          }
        }
      }
    }
    assertThat(model.take()).isFalse();
    assertThat(Objects.requireNonNull(model.partition.commits().toCommit()).offset())
        .isEqualTo(records);
  }

  @Test
  void slowKeyDoesNotStopTheOthers() {
    var partition = Records.partition(Ordering.KEY);
    partition.add(
        LongStream.range(0, 1000)
            .mapToObj(i -> Records.record(i, i % 2 == 0 ? "hot" : "key-" + i))
            .toList(),
        1000);
    assertThat(takeAll(partition)).hasSize(501);
    assertThat(partition.isFull(1, 1001, Long.MAX_VALUE))
        .isFalse(); // the records of "hot" do not count
    assertThat(partition.isFull(1, 1000, Long.MAX_VALUE))
        .isTrue(); // but the look-ahead bounds them
  }

  @Test
  void recordsWithoutAKeyWaitForNoneInTheOrderOfKeys() {
    var partition = Records.partition(Ordering.KEY);
    partition.add(List.of(Records.record(0, null), Records.record(1, null)), 2);
    assertThat(takeAll(partition)).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource(Ordering.class)
  void recordThatIsAbandonedKeepsItsFollowersWaiting(Ordering ordering) {
    var partition = Records.partition(ordering);
    Records.add(partition, 0, 1);
    List<Message<String, String>> messages = takeAll(partition);
    messages.getFirst().begin();
    messages.getFirst().abandon();
    assertThat(takeAll(partition)).isEmpty();
    assertThat(messages).hasSize(ordering == Ordering.UNORDERED ? 2 : 1);
    messages.getFirst().settle();
    assertThat(takeAll(partition)).hasSize(ordering == Ordering.UNORDERED ? 0 : 1);
  }
}
