package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Mapping;
import dev.millrace.pipeline.transform.Transform;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sources, sinks and stages of bytes. An element is a chunk: an array that belongs to the stage
 * that gets it. See {@link Frames} to find messages in chunks.
 *
 * <pre>{@code
 * Pipe.from(Bytes.read(file, 16 * 1024))
 *     .via("digest", Bytes.digest("SHA-256", digest -> log.info(HexFormat.of().formatHex(digest))))
 *     .via("gzip", Bytes.gzip())
 *     .to(Bytes.write(target));
 * }</pre>
 *
 * <p>For a socket, give {@code socket::getInputStream} and {@code socket::getOutputStream}. For two
 * sinks, use {@link Branches#alsoTo}: both get the same arrays, and must not change them. No method
 * here changes an array that it gets.
 *
 * <p>The methods are thread-safe, and so are the values that they return if their functions are.
 */
public final class Bytes {

  private Bytes() {}

  /** The bytes of a file, in chunks of {@code size}; the last one may be shorter. */
  public static Source<byte[]> read(Path file, int size) {
    Objects.requireNonNull(file, "file");
    return read(() -> Files.newInputStream(file), size);
  }

  /**
   * The bytes of a stream, in chunks of up to {@code size}. Each chunk has the bytes of one read.
   * Each run opens the stream anew, and closes it. A read that ignores interrupts, such as one of a
   * socket, delays the end of a cancelled run until it returns; close the socket to end it.
   *
   * @throws IllegalArgumentException if {@code size} is less than 1
   */
  public static Source<byte[]> read(Callable<? extends InputStream> stream, int size) {
    Objects.requireNonNull(stream, "stream");
    Pipe.atLeast(1, size, "the size of a chunk");
    return (IndependentSource<byte[]>)
        context -> {
          InputStream in = Objects.requireNonNull(stream.call(), "the stream is null");
          return new Source.Cursor<>() {
            private final byte[] buffer = new byte[size];

            @Override
            public byte @Nullable [] next() throws Exception {
              int length = in.read(buffer);
              return length < 0 ? null : Arrays.copyOf(buffer, length);
            }

            @Override
            public void close() throws Exception {
              in.close();
            }
          };
        };
  }

  /**
   * Writes the bytes to a file, as a whole or not at all, as {@link Sink#lines} does. The result is
   * the number of bytes.
   */
  public static Sink<byte[], Long> write(Path file) {
    Path checked = PartialFile.checked(file);
    return context -> {
      PartialFile partial = PartialFile.open(checked);
      return new ByteReceiver(Channels.newOutputStream(partial.channel())) {
        @Override
        void end() throws Exception {
          partial.finish();
        }

        @Override
        public int holds() {
          return Integer.MAX_VALUE; // no byte is safe before the file has its name
        }

        @Override
        public void close() throws Exception {
          partial.close();
        }
      };
    };
  }

  /**
   * Writes the bytes to a stream. Each run opens the stream anew, flushes it at the end, and closes
   * it however the run ends. The result is the number of bytes. An element is settled when the
   * stream has taken it, not when it is safe.
   */
  public static Sink<byte[], Long> write(Callable<? extends OutputStream> stream) {
    Objects.requireNonNull(stream, "stream");
    return context -> {
      OutputStream out = Objects.requireNonNull(stream.call(), "the stream is null");
      return new ByteReceiver(out) {
        @Override
        void end() throws Exception {
          out.flush();
        }

        @Override
        public void close() throws Exception {
          out.close();
        }
      };
    };
  }

  /** Counts and writes. Not thread-safe. */
  private abstract static class ByteReceiver implements Sink.Receiver<byte[], Long> {
    private final OutputStream out;
    private long count;

    ByteReceiver(OutputStream out) {
      this.out = out;
    }

    abstract void end() throws Exception;

    @Override
    public boolean accept(byte[] chunk) throws Exception {
      out.write(chunk);
      count += chunk.length;
      return true;
    }

    @Override
    public Long finish() throws Exception {
      end();
      return count;
    }
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalArgumentException(
          "there is no digest '%s' in this JDK".formatted(algorithm));
    }
  }

  /**
   * Passes all chunks, and gives the digest of all bytes to the consumer at the end of the input.
   *
   * @param algorithm a name of {@link MessageDigest}, such as "SHA-256"
   * @throws IllegalArgumentException if there is no such digest
   */
  public static Supplier<Transform<byte[], byte[]>> digest(
      String algorithm, Consumer<? super byte[]> onEnd) {
    digest(algorithm);
    Objects.requireNonNull(onEnd, "onEnd");
    return (Transforms.Passing<byte[]>)
        () ->
            new Transform.Stateless<>() {
              private final MessageDigest digest = digest(algorithm);

              @Override
              public Outcome accept(byte[] chunk, Emitter<? super byte[]> out) {
                digest.update(chunk);
                out.emit(chunk);
                return Outcome.USED;
              }

              @Override
              public void end(Emitter<? super byte[]> out) {
                onEnd.accept(digest.digest());
              }
            };
  }

  /**
   * Compresses the bytes. Emits a chunk when there are compressed bytes, and the rest at the end.
   * Holds a few KB. All chunks are settled with the last chunk that is emitted, because a reader
   * needs it.
   */
  public static Supplier<Transform<byte[], byte[]>> gzip() {
    return new Overlapping.Closing<>(Gzip.Compressing::new);
  }

  /**
   * Decompresses the bytes of one or several gzip members, in chunks of up to 16 KB, and checks
   * their checksums. So a small input that expands to a large output needs no memory. Bytes that
   * are not of that format make a failure of their chunk, and of all later ones. An input that ends
   * within a member stops the run.
   */
  public static Supplier<Transform<byte[], byte[]>> gunzip() {
    return new Overlapping.Closing<>(Gzip.Expanding::new);
  }

  /** The bytes of a text in UTF-8. */
  public static <T extends CharSequence> Mapping.Maker<T, byte[]> encode() {
    return (Transforms.OurMapping<T, byte[]>)
        () -> text -> text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
