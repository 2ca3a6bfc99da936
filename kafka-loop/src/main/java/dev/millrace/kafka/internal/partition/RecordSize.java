package dev.millrace.kafka.internal.partition;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Estimates how many bytes of the heap a record holds. */
final class RecordSize {

  /** What a record without a byte in it holds on a 64-bit JVM, with our objects around it. */
  static final int RECORD = 200;

  /** Likewise a header: itself, its name, and the two arrays. */
  private static final int HEADER = 96;

  private RecordSize() {}

  static long of(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
    long bytes = (long) RECORD + length(key) + length(value);
    for (Header header : headers.toArray()) {
      // To ask for the value also lets go of the fetched buffer that the header was a part of.
      bytes += HEADER + header.key().length() + length(header.value());
    }
    return bytes;
  }

  private static int length(byte @Nullable [] part) {
    return part == null ? 0 : part.length;
  }
}
