package dev.millrace.kafka.internal.partition;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Estimates how many bytes of the heap a record holds. */
final class RecordSize {

  /** The size of an empty record on a 64-bit JVM, with our objects around it. In bytes. */
  static final int RECORD = 200;

  /** The size of an empty header: itself, its name, and the two arrays. In bytes. */
  private static final int HEADER = 96;

  private RecordSize() {}

  static long of(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
    long bytes = (long) RECORD + length(key) + length(value);
    for (Header header : headers.toArray()) {
      // Asking for the value also releases the fetched buffer that the header was a part of.
      bytes += HEADER + header.key().length() + length(header.value());
    }
    return bytes;
  }

  private static int length(byte @Nullable [] part) {
    return part == null ? 0 : part.length;
  }
}
