package dev.millrace.pipeline;

/** An element has come to a full buffer of {@link Buffers#failing}. Immutable and thread-safe. */
public final class BufferFullException extends Exception {
  private static final long serialVersionUID = 1L;

  BufferFullException(String name, int capacity) {
    super(
        "buffer '%s' is full: %d elements wait in it. Make it larger, speed up the stages after it, or use a buffer that waits or drops"
            .formatted(name, capacity));
  }
}
