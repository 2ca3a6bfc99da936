package dev.millrace.kafka.internal.report;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.HotKey;
import dev.millrace.kafka.internal.report.SpaceSaving.Count;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The keys with the most records, over the last 30 to 60 seconds. Thread-safe: the poll thread
 * adds, any thread reads. Records without a key do not count.
 */
/*
 * There are two sketches, as in Latencies: the one that counts, and the one before. The lock is
 * taken once for each poll and partition.
 */
public final class HotKeys {

  private static final long PERIOD = Duration.ofSeconds(30).toNanos();

  /** Counters for each key that is shown. With more counters, the shown counts are more exact. */
  private static final int COUNTERS = 10;

  private static final int LONGEST = 100;

  private record Name(String topic, ByteBuffer key) {}

  private final int size;
  private final LongSupplier clock;
  private SpaceSaving<Name> now; // guarded by this
  private SpaceSaving<Name> before; // guarded by this
  private long since; // guarded by this

  /**
   * No key is known.
   *
   * @param size how many keys are shown
   */
  public HotKeys(int size) {
    this(size, Time::nanoTime);
  }

  HotKeys(int size, LongSupplier clock) {
    this.size = size;
    this.clock = clock;
    this.now = sketch();
    this.before = sketch();
    this.since = clock.getAsLong();
  }

  private SpaceSaving<Name> sketch() {
    return new SpaceSaving<>(size * COUNTERS);
  }

  /** Counts the keys of polled records. */
  public synchronized void add(List<ConsumerRecord<byte[], byte[]>> records) {
    turn();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      byte[] key = record.key();
      if (key != null) {
        now.add(new Name(record.topic(), ByteBuffer.wrap(key)));
      }
    }
  }

  private void turn() {
    long time = clock.getAsLong();
    long age = time - since;
    if (age >= PERIOD) {
      before = age < 2 * PERIOD ? now : sketch();
      now = sketch();
      since = time;
    }
  }

  /** The keys, the hottest first. */
  public synchronized List<HotKey> top() {
    turn();
    Map<Name, Count<Name>> all = new HashMap<>();
    for (SpaceSaving<Name> sketch : List.of(now, before)) {
      for (Count<Name> one : sketch.counts()) {
        all.merge(one.element(), one, HotKeys::sum);
      }
    }
    return all.values().stream()
        .sorted(Comparator.comparingLong((Count<Name> one) -> one.count()).reversed())
        .limit(size)
        .map(
            one ->
                new HotKey(
                    one.element().topic(),
                    text(one.element().key().array()),
                    one.count(),
                    one.error()))
        .toList();
  }

  private static Count<Name> sum(Count<Name> a, Count<Name> b) {
    return new Count<>(a.element(), a.count() + b.count(), a.error() + b.error());
  }

  private static String text(byte[] key) {
    byte[] part = key.length <= LONGEST ? key : Arrays.copyOf(key, LONGEST);
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(part)).toString();
    } catch (CharacterCodingException e) {
      text = null;
    }
    if (text == null || text.chars().anyMatch(Character::isISOControl)) {
      text = "0x" + HexFormat.of().formatHex(part, 0, Math.min(part.length, LONGEST / 2 - 1));
    }
    return part == key ? text : text + "…";
  }
}
