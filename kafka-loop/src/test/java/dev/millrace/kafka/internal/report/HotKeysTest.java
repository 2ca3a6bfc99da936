package dev.millrace.kafka.internal.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.millrace.kafka.HotKey;
import dev.millrace.kafka.internal.report.SpaceSaving.Count;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** The sketch of the hottest keys. */
class HotKeysTest {

  private static final long SECOND = 1_000_000_000;

  private final AtomicLong clock = new AtomicLong();
  private final HotKeys keys = new HotKeys(2, clock::get);

  private static ConsumerRecord<byte[], byte[]> record(byte[] key) {
    return new ConsumerRecord<>("orders", 0, 0, key, new byte[0]);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private void add(String key, int times) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      records.add(record(bytes(key)));
    }
    keys.add(records);
  }

  /** The three bounds of the paper, against exact counts. */
  @Property(tries = 200)
  void theCountsHaveTheBoundsOfTheAlgorithm(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int capacity) {
    var random = new Random(seed);
    var sketch = new SpaceSaving<Integer>(capacity);
    Map<Integer, Long> exact = new HashMap<>();
    int all = random.nextInt(3000);
    for (int i = 0; i < all; i++) {
      int element = (int) Math.abs(random.nextGaussian() * 20);
      sketch.add(element);
      exact.merge(element, 1L, Long::sum);
    }
    List<Count<Integer>> counts = sketch.counts();
    assertThat(counts).hasSizeLessThanOrEqualTo(capacity);
    assertThat(counts.stream().mapToLong(Count::count).sum()).isEqualTo(all);
    for (Count<Integer> one : counts) {
      long truth = exact.getOrDefault(one.element(), 0L);
      assertThat(one.count()).isBetween(truth, truth + one.error());
      assertThat(one.error()).isLessThanOrEqualTo(all / capacity);
    }
    exact.forEach(
        (element, count) -> {
          if (count > all / capacity) {
            assertThat(counts).extracting(Count::element).contains(element);
          }
        });
  }

  @Test
  void showsTheHottestKeysOfTheLastMinute() {
    add("a", 3);
    add("b", 7);
    add("c", 5);
    assertThat(keys.top())
        .containsExactly(new HotKey("orders", "b", 7, 0), new HotKey("orders", "c", 5, 0));
    clock.addAndGet(35 * SECOND);
    add("a", 10);
    assertThat(keys.top()).extracting(HotKey::key).containsExactly("a", "b");
    assertThat(keys.top().getFirst().records()).isEqualTo(13);
    clock.addAndGet(35 * SECOND);
    assertThat(keys.top()).extracting(HotKey::key).containsExactly("a");
    clock.addAndGet(200 * SECOND);
    assertThat(keys.top()).isEmpty();
  }

  /** Counting allocates a name for the look-up, and nothing that stays. */
  @Test
  void costsLittleGarbageForEachRecord() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      records.add(record(bytes("key-" + i % 10)));
    }
    keys.add(records);
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 100; i++) {
      keys.add(records);
    }
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(bytes / 100_000).isLessThanOrEqualTo(150);
  }

  @Test
  void aKeyIsShownAsText() {
    keys.add(List.of(record(new byte[] {(byte) 0xff, 0})));
    assertThat(keys.top()).extracting(HotKey::key).containsExactly("0xff00");
    var other = new HotKeys(2, clock::get);
    other.add(List.of(record(bytes("x".repeat(1000)))));
    assertThat(other.top().getFirst().key()).hasSize(101).endsWith("…");
  }

  @Test
  @SuppressWarnings("NullAway") // Kafka's type does not say that a key may be null
  void aRecordWithoutAKeyDoesNotCount() {
    keys.add(List.of(record(null)));
    assertThat(keys.top()).isEmpty();
  }
}
