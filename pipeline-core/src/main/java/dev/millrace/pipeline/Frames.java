package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.Transform;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Stages for {@link Pipe#via} that find the messages in chunks of bytes, and write messages for
 * such a reader. Chunks may end anywhere.
 *
 * <pre>{@code
 * Pipe.from(Bytes.read(socket::getInputStream, 8 * 1024))
 *     .via("frames", Frames.byLength(4, 1 << 20))
 *     .map("parse", Message::parse);
 * }</pre>
 *
 * <p>All keep the order. A stage holds one unfinished message, of up to {@code most} bytes. A
 * longer one makes a failure of its chunk, and of all later chunks: there is no way to find the
 * next message. With a {@linkplain Source#settling settling} source, a chunk is settled when all
 * messages that begin in it have ended.
 *
 * <p>The methods are thread-safe, and so are the values that they return. They throw an {@link
 * IllegalArgumentException} for a number out of range.
 */
public final class Frames {

  private Frames() {}

  private static void checkHeader(int header) {
    if (header != 1 && header != 2 && header != 4) {
      throw new IllegalArgumentException(
          "the length of a message has 1, 2 or 4 bytes, not " + header);
    }
  }

  /**
   * Messages that follow their length: a number without sign, the high byte first. An input that
   * ends within a message stops the run with an {@link EOFException}.
   *
   * @param header the number of bytes of the length: 1, 2 or 4
   * @param most the maximum length of a message, in bytes
   */
  public static Supplier<Transform<byte[], byte[]>> byLength(int header, int most) {
    checkHeader(header);
    Pipe.atLeast(1, most, "the maximum length of a message");
    return new Overlapping.Plain<>(() -> new ByLength(header, most));
  }

  /**
   * Messages that end with a delimiter, without that delimiter. The bytes behind the last delimiter
   * are a message, too, unless there are none.
   *
   * @param most the maximum length of a message, in bytes
   * @throws IllegalArgumentException if the delimiter is empty
   */
  public static Supplier<Transform<byte[], byte[]>> byDelimiter(byte[] delimiter, int most) {
    Pipe.atLeast(1, most, "the maximum length of a message");
    byte[] copy = checked(delimiter);
    return new Overlapping.Plain<>(() -> new ByDelimiter(copy, most));
  }

  private static byte[] checked(byte[] delimiter) {
    Pipe.atLeast(
        1, Objects.requireNonNull(delimiter, "delimiter").length, "the delimiter's length");
    return delimiter.clone();
  }

  /** Writes the length of each message before it, for {@link #byLength}. A longer message fails. */
  public static Mapping.Maker<byte[], byte[]> withLength(int header) {
    checkHeader(header);
    long most = (1L << (8 * header)) - 1;
    return (Transforms.OurMapping<byte[], byte[]>)
        () ->
            message -> {
              if (message.length > most) {
                throw tooLong("a message has " + message.length, most);
              }
              byte[] frame = new byte[header + message.length];
              for (int i = 0; i < header; i++) {
                frame[i] = (byte) (message.length >>> (8 * (header - 1 - i)));
              }
              System.arraycopy(message, 0, frame, header, message.length);
              return frame;
            };
  }

  /** Writes the delimiter behind each message. Does not look for the delimiter in the message. */
  public static Mapping.Maker<byte[], byte[]> withDelimiter(byte[] delimiter) {
    byte[] copy = checked(delimiter);
    return (Transforms.OurMapping<byte[], byte[]>)
        () ->
            message -> {
              byte[] frame = new byte[message.length + copy.length];
              System.arraycopy(message, 0, frame, 0, message.length);
              System.arraycopy(copy, 0, frame, message.length, copy.length);
              return frame;
            };
  }

  private static IOException tooLong(String what, long most) {
    return new IOException(
        "%s bytes: the maximum is %d. Raise it, or look for a sender of another format"
            .formatted(what, most));
  }

  /** Collects a message over chunks. Not thread-safe. */
  private abstract static class Framing implements Transform<byte[], byte[]> {
    final int most;
    final ByteArrayOutputStream message = new ByteArrayOutputStream();

    /** The number of chunks in which the unfinished message has bytes. */
    private int held;

    private boolean isBroken;

    Framing(int most) {
      this.most = most;
    }

    @Override
    public final Outcome accept(byte[] chunk, Emitter<? super byte[]> out) throws IOException {
      if (isBroken) {
        throw new IOException("a message before this chunk is too long: its end is not known");
      }
      isBroken = true;
      boolean hasEnded = take(chunk, out);
      isBroken = false;
      if (!isInside()) {
        held = 0;
      } else {
        held = hasEnded ? 1 : held + 1;
      }
      return Outcome.USED;
    }

    /** Whether a message has begun. */
    abstract boolean isInside();

    /** Takes a chunk; returns whether a message has ended in it. */
    abstract boolean take(byte[] chunk, Emitter<? super byte[]> out) throws IOException;

    final void emit(Emitter<? super byte[]> out) {
      byte[] whole = message.toByteArray();
      message.reset();
      out.emit(whole);
    }

    @Override
    public final int holds() {
      return held;
    }

    final void forget() {
      held = 0;
    }
  }

  private static final class ByLength extends Framing {
    private final int header;
    private int read;
    private long length;

    ByLength(int header, int most) {
      super(most);
      this.header = header;
    }

    @Override
    boolean isInside() {
      return read > 0;
    }

    @Override
    boolean take(byte[] chunk, Emitter<? super byte[]> out) throws IOException {
      boolean hasEnded = false;
      int at = 0;
      while (at < chunk.length) {
        if (read < header) {
          length = (length << 8) | (chunk[at++] & 0xff);
          read++;
          if (read == header && length > most) {
            throw tooLong("a message has " + length, most);
          }
        } else {
          int part = (int) Math.min(length - message.size(), chunk.length - at);
          message.write(chunk, at, part);
          at += part;
        }
        if (read == header && message.size() == length) {
          read = 0;
          length = 0;
          hasEnded = true;
          emit(out);
        }
      }
      return hasEnded;
    }

    @Override
    public void end(Emitter<? super byte[]> out) throws EOFException {
      if (isInside()) {
        throw new EOFException("the input ends within a message: it was cut");
      }
    }
  }

  private static final class ByDelimiter extends Framing {
    private final byte[] delimiter;
    private final int[] borders;

    /** The number of bytes of the delimiter at the end of the message. */
    private int matched;

    ByDelimiter(byte[] delimiter, int most) {
      super(most);
      this.delimiter = delimiter;
      this.borders = borders(delimiter);
    }

    /** For each prefix, the length of its longest border: Knuth, Morris and Pratt (1977). */
    private static int[] borders(byte[] delimiter) {
      int[] borders = new int[delimiter.length];
      for (int i = 1, k = 0; i < delimiter.length; i++) {
        while (k > 0 && delimiter[i] != delimiter[k]) {
          k = borders[k - 1];
        }
        k += delimiter[i] == delimiter[k] ? 1 : 0;
        borders[i] = k;
      }
      return borders;
    }

    @Override
    boolean isInside() {
      return message.size() > 0;
    }

    @Override
    boolean take(byte[] chunk, Emitter<? super byte[]> out) throws IOException {
      boolean hasEnded = false;
      for (byte next : chunk) {
        message.write(next);
        while (matched > 0 && next != delimiter[matched]) {
          matched = borders[matched - 1];
        }
        matched += next == delimiter[matched] ? 1 : 0;
        if (matched == delimiter.length) {
          matched = 0;
          hasEnded = true;
          emitWithoutDelimiter(out);
        } else if (message.size() - matched > most) {
          throw tooLong("a message has more than " + most, most);
        }
      }
      return hasEnded;
    }

    private void emitWithoutDelimiter(Emitter<? super byte[]> out) {
      byte[] whole = message.toByteArray();
      message.reset();
      out.emit(Arrays.copyOf(whole, whole.length - delimiter.length));
    }

    @Override
    public void end(Emitter<? super byte[]> out) {
      if (isInside()) {
        emit(out);
      }
      forget();
    }
  }
}
