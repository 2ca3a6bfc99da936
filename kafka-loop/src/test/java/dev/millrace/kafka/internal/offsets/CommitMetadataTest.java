package dev.millrace.kafka.internal.offsets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.internal.cluster.Origin;
import dev.millrace.kafka.internal.offsets.CommitMetadata.Encoded;
import dev.millrace.kafka.internal.offsets.CommitMetadata.MalformedException;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

class CommitMetadataTest {

  private static final TopicPartition NAME = new TopicPartition("orders", 3);
  private static final int KAFKAS_LIMIT = 4096;

  private static OffsetRanges decode(long offset, String text) throws MalformedException {
    return CommitMetadata.decode(NAME, offset, text);
  }

  private static OffsetRanges ranges(long offset, int n, int longestRun, long seed) {
    var random = new Random(seed);
    long[] edges = new long[2 * n];
    long at = offset;
    for (int i = 0; i < edges.length; i++) {
      at += 1 + random.nextInt(longestRun);
      edges[i] = at;
    }
    return new OffsetRanges(edges);
  }

  @Property(tries = 300)
  void whatIsEncodedIsDecoded(
      @ForAll @LongRange(min = 0, max = Long.MAX_VALUE / 2) long offset,
      @ForAll @IntRange(min = 0, max = 2000) int n,
      @ForAll @IntRange(min = 1, max = 1_000_000) int longestRun,
      @ForAll long seed)
      throws Exception {
    var ranges = ranges(offset, n, longestRun, seed);
    Encoded encoded = CommitMetadata.encode(NAME, offset, ranges, Integer.MAX_VALUE);
    assertThat(encoded.complete()).isTrue();
    assertThat(decode(offset, encoded.text())).isEqualTo(ranges);
  }

  /** confluentinc/parallel-consumer#647: metadata above four kilobytes stop the consumption. */
  @Property(tries = 200)
  void whatDoesNotFitIsCutAndNeverSaysMoreThanIsSettled(
      @ForAll @IntRange(min = 0, max = 3000) int n,
      @ForAll @IntRange(min = 1, max = 100_000) int longestRun,
      @ForAll @IntRange(min = 1, max = KAFKAS_LIMIT) int limit,
      @ForAll long seed)
      throws Exception {
    var ranges = ranges(7, n, longestRun, seed);
    Encoded encoded = CommitMetadata.encode(NAME, 7, ranges, limit);
    assertThat(encoded.text().length()).isLessThanOrEqualTo(limit);
    var decoded = decode(7, encoded.text());
    assertThat(decoded).isEqualTo(ranges.first(decoded.size()));
    assertThat(decoded.equals(ranges)).isEqualTo(encoded.complete());
  }

  @Property(tries = 50)
  void tenThousandRecordsWithoutGapsFitWhateverIsSettled(
      @ForAll @IntRange(min = 1, max = 99) int percent, @ForAll long seed) throws Exception {
    var random = new Random(seed);
    var offsets = new TreeSet<Long>();
    for (long i = 1; i < 10_000; i++) {
      if (random.nextInt(100) < percent) {
        offsets.add(i);
      }
    }
    OffsetRanges ranges = OffsetRanges.EMPTY;
    for (long i : offsets) {
      ranges = ranges.then(new OffsetRanges(new long[] {i, i + 1}));
    }
    Encoded encoded = CommitMetadata.encode(NAME, 0, ranges, 1700);
    assertThat(encoded.complete()).isTrue();
    assertThat(decode(0, encoded.text())).isEqualTo(ranges);
  }

  @Test
  void oneSlowRecordTakesFewCharacters() {
    var ranges = new OffsetRanges(new long[] {5_000_000_001L, 5_000_010_000L});
    assertThat(CommitMetadata.encode(NAME, 5_000_000_000L, ranges, 100).text().length())
        .isLessThanOrEqualTo(20);
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> bytes =
        Arbitraries.bytes()
            .array(byte[].class)
            .ofMaxSize(60)
            .map(array -> "mr1:" + Base64.getEncoder().withoutPadding().encodeToString(array));
    return Arbitraries.oneOf(
        bytes, Arbitraries.strings(), Arbitraries.strings().map("mr1:"::concat));
  }

  @Property
  void garbageIsRefusedAndBreaksNothing(@ForAll("texts") String text, @ForAll long offset) {
    try {
      assertThat(decode(offset, text).isEmpty()).isTrue(); // the empty text
      assertThat(text).isEmpty();
    } catch (MalformedException e) {
      assertThat(e).hasMessageStartingWith("it");
    }
  }

  /** With a correct checksum, which only our own bug or an attacker would write. */
  @Property
  void malformedBodiesAreRefusedAndBreakNothing(@ForAll byte[] body, @ForAll long offset) {
    String text = CommitMetadata.sealed(NAME, offset, body);
    try {
      long[] edges = decode(offset, text).edges();
      for (int i = 1; i < edges.length; i++) {
        assertThat(edges[i]).isGreaterThan(edges[i - 1]);
      }
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  @Property(tries = 200)
  void damagedTextIsRefused(
      @ForAll @IntRange(min = 1, max = 100) int n,
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = Integer.MAX_VALUE) int where) {
    var text =
        new StringBuilder(CommitMetadata.encode(NAME, 9, ranges(9, n, 50, seed), 4096).text());
    int i = 4 + where % (text.length() - 5); // not the last character: some of its bits are unused
    text.setCharAt(i, text.charAt(i) == 'A' ? 'B' : 'A');
    assertThatThrownBy(() -> decode(9, text.toString())).isInstanceOf(MalformedException.class);
  }

  @Test
  void textOfAnotherOffsetOrPartitionOrProgramIsRefused() {
    String text =
        CommitMetadata.encode(NAME, 9, new OffsetRanges(new long[] {11, 12}), 4096).text();
    assertThatThrownBy(() -> decode(10, text)).hasMessageContaining("another offset");
    assertThatThrownBy(() -> CommitMetadata.decode(new TopicPartition("orders", 4), 9, text))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> decode(9, "bnVsbA==")).hasMessageContaining("another program");
  }

  @Test
  void originComesBackWithAndWithoutRanges() throws Exception {
    var origin = new Origin(12345, Uuid.randomUuid(), 300);
    var ranges = new OffsetRanges(new long[] {12, 15, 20, 21});
    for (OffsetRanges some : List.of(OffsetRanges.EMPTY, ranges)) {
      var encoded = CommitMetadata.encode(NAME, 10, some, origin, 4096);
      var decoded = CommitMetadata.decoded(NAME, 10, encoded.text());
      assertThat(encoded.complete()).isTrue();
      assertThat(decoded.origin()).isEqualTo(origin);
      assertThat(decoded.ranges().edges()).isEqualTo(some.edges());
    }
    var unknown = Origin.of("a cluster", Uuid.randomUuid());
    String text = CommitMetadata.encode(NAME, 10, ranges, unknown, 4096).text();
    assertThat(CommitMetadata.decoded(NAME, 10, text).origin()).isEqualTo(unknown);
  }

  @Test
  void originThatDoesNotFitIsLeftOut() throws Exception {
    var origin = new Origin(12345, Uuid.randomUuid(), 300);
    var ranges = new OffsetRanges(new long[] {12, 15});
    var encoded = CommitMetadata.encode(NAME, 10, ranges, origin, 20);
    assertThat(encoded.text()).hasSizeLessThanOrEqualTo(20);
    assertThat(encoded.complete()).isTrue();
    assertThat(CommitMetadata.decoded(NAME, 10, encoded.text()).origin()).isNull();
    assertThat(CommitMetadata.encode(NAME, 10, ranges, origin, 0).text()).isEmpty();
  }
}
