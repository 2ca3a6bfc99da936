package dev.millrace.channel.internal;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The bytes of chunks that come one after the other, as a stream. Not thread-safe. */
public abstract class ChunkInputStream extends InputStream {

  private byte[] chunk = {};
  private int position;
  private boolean closed;

  /** For the classes that get the chunks. */
  protected ChunkInputStream() {}

  /** The next chunk, which may be empty; null at the end. Blocks until it is there. */
  protected abstract byte @Nullable [] next() throws IOException;

  @Override
  public final int read() throws IOException {
    return fill() ? chunk[position++] & 0xFF : -1;
  }

  @Override
  public final int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, chunk.length - position);
    System.arraycopy(chunk, position, target, offset, count);
    position += count;
    return count;
  }

  /** Reads until there is a byte to return; returns false at the end. */
  private boolean fill() throws IOException {
    if (closed) {
      throw new IOException("the stream is closed");
    }
    while (position == chunk.length) {
      byte[] next = next();
      if (next == null) {
        return false;
      }
      chunk = next;
      position = 0;
    }
    return true;
  }

  @Override
  public final int available() {
    return closed ? 0 : chunk.length - position;
  }

  @Override
  public void close() {
    closed = true;
  }
}
