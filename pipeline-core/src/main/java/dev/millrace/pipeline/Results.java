package dev.millrace.pipeline;

import dev.millrace.channel.internal.ChunkInputStream;
import dev.millrace.context.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Pulls the elements of a pipe out of a run, for code that reads instead of being called.
 *
 * <pre>{@code
 * try (Stream<Order> orders = Results.stream(pipe, engine, context)) {
 *   orders.limit(10).forEach(this::show);
 * }
 * }</pre>
 *
 * <p>Each call starts a run at once. Up to 16 elements wait for the reader; then the run waits.
 * Close the result: that cancels a run that has not ended, and waits until no thread of it is
 * alive. A result that is read to its end need not be closed.
 *
 * <p>A failure of the run is thrown by the read that would give the next element. The first failure
 * of an element ends the run; to handle failures, set a {@link FailurePolicy}. Pipes with a
 * {@linkplain Source#settling settling} source are refused: elements would be settled before the
 * reader has used them. For Reactive Streams, see {@link Pipe#publisher}.
 *
 * <p>The methods are thread-safe; their results are not.
 */
public final class Results {

  /**
   * The elements of a run.
   *
   * <p>If the run fails, {@link #hasNext} and {@link #next} throw a {@link CompletionException}
   * with the cause. If the reader is interrupted, they throw it with the {@link
   * InterruptedException}, and the run goes on; the thread stays interrupted.
   */
  public interface Elements<T> extends Iterator<T>, AutoCloseable {
    @Override
    void close();
  }

  private Results() {}

  /** The elements, as an iterator. */
  public static <T> Elements<T> iterator(Pipe<T> pipe, Engine engine, Context context) {
    Objects.requireNonNull(pipe, "pipe");
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(context, "context");
    return new Pulled<>(InnerRun.start(pipe, engine, context));
  }

  /** The elements, as a sequential stream; see {@link Elements} for its exceptions. */
  public static <T> Stream<T> stream(Pipe<T> pipe, Engine engine, Context context) {
    Elements<T> elements = iterator(pipe, engine, context);
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                elements, Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .onClose(elements::close);
  }

  /**
   * The bytes of all chunks. A failure of the run is an {@link IOException} with the cause, instead
   * of the end of the stream. So a reader cannot take a part for the whole.
   */
  public static InputStream inputStream(Pipe<byte[]> pipe, Engine engine, Context context) {
    return new ByteStream(iterator(pipe, engine, context));
  }

  private record Pulled<T>(InnerRun<T> run) implements Elements<T> {
    @Override
    public boolean hasNext() {
      try {
        return run.hasNext();
      } catch (Throwable e) {
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        if (e instanceof Error error) {
          throw error;
        }
        throw new CompletionException("the run that gives the elements has failed: " + e, e);
      }
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the run has ended");
      }
      return run.next();
    }

    @Override
    public void close() {
      run.close();
    }
  }

  private static final class ByteStream extends ChunkInputStream {
    private final Elements<byte[]> chunks;

    ByteStream(Elements<byte[]> chunks) {
      this.chunks = chunks;
    }

    @Override
    protected byte @Nullable [] next() throws IOException {
      try {
        return chunks.hasNext() ? chunks.next() : null;
      } catch (CompletionException e) {
        throw failed(e.getCause());
      }
    }

    private static IOException failed(@Nullable Throwable cause) {
      return cause instanceof InterruptedException
          ? new InterruptedIOException("interrupted while it waits for bytes")
          : new IOException("the run that gives the bytes has failed: " + cause, cause);
    }

    @Override
    public void close() {
      super.close();
      chunks.close();
    }
  }
}
