package dev.millrace.kafka.internal.partition;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a key, as a key of a map. Comparable, so that keys that were chosen to collide make
 * a tree and not a list.
 */
final class Key implements Comparable<Key> {

  private final byte[] bytes;
  private final int hash;

  Key(byte[] bytes) {
    this.bytes = bytes;
    this.hash = Arrays.hashCode(bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Key key && hash == key.hash && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public int compareTo(Key other) {
    return Arrays.compare(bytes, other.bytes);
  }
}
