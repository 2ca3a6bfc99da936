package dev.millrace.kafka.internal.offsets;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The offsets settled beyond the committed offset, as ranges. Immutable; thread-safe. */
public final class OffsetRanges {

  /** No offset. */
  public static final OffsetRanges EMPTY = new OffsetRanges(new long[0]);

  /** Rising: the first of a range, the one after its last, the first of the next, … */
  private final long[] edges;

  public OffsetRanges(long[] edges) {
    this.edges = edges;
  }

  long[] edges() {
    return edges;
  }

  /** Whether there is no offset. */
  public boolean isEmpty() {
    return edges.length == 0;
  }

  /** How many ranges there are. */
  int size() {
    return edges.length / 2;
  }

  /** The first {@code n} ranges. */
  OffsetRanges first(int n) {
    return n == size() ? this : new OffsetRanges(Arrays.copyOf(edges, 2 * n));
  }

  /** The offsets from this one on. */
  public OffsetRanges from(long offset) {
    if (endsBefore(offset)) {
      return EMPTY;
    }
    int i = 0;
    while (edges[i + 1] <= offset) {
      i += 2;
    }
    long[] rest = Arrays.copyOfRange(edges, i, edges.length);
    rest[0] = Math.max(rest[0], offset);
    return new OffsetRanges(rest);
  }

  /** These offsets, and others that are all larger. */
  public OffsetRanges then(OffsetRanges others) {
    if (isEmpty() || others.isEmpty()) {
      return isEmpty() ? others : this;
    }
    int touching = edges[edges.length - 1] == others.edges[0] ? 1 : 0;
    int length = edges.length - touching;
    long[] all = Arrays.copyOf(edges, length + others.edges.length - touching);
    System.arraycopy(others.edges, touching, all, length, others.edges.length - touching);
    return new OffsetRanges(all);
  }

  /** Whether a range contains the offset; by binary search. */
  public boolean contains(long offset) {
    int found = Arrays.binarySearch(edges, offset);
    return found >= 0 ? found % 2 == 0 : (-found - 1) % 2 == 1;
  }

  /** Whether all of them are smaller than this offset. */
  public boolean endsBefore(long offset) {
    return edges.length == 0 || edges[edges.length - 1] <= offset;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof OffsetRanges ranges && Arrays.equals(edges, ranges.edges);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(edges);
  }

  @Override
  public String toString() {
    return "OffsetRanges" + Arrays.toString(edges);
  }
}
