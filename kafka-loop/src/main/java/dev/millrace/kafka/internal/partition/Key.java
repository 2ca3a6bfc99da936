package dev.millrace.kafka.internal.partition;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a record key, as a key of a map. Comparable, so that a map keeps keys with equal
 * hashes in a tree and not in a list, even if an attacker chose them.
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
