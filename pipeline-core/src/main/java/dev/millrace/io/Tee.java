package dev.millrace.io;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.internal.ChunkInputStream;
import dev.millrace.context.Context;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Copies one stream of bytes to several sinks in one pass.
 *
 * <pre>{@code
 * long bytes =
 *     Tee.from(upload)
 *         .to(file) //                              an output stream
 *         .into(in -> digest.set(sha256(in))) //    a function that reads an input stream
 *         .into(in -> store.put(key, in))
 *         .copy(context);
 * }</pre>
 *
 * <p>The source is read once, in a virtual thread. Each sink has a virtual thread of its own, so
 * that sinks do not wait for each other's every write. The slowest sink slows the source: at most
 * four buffers are in memory, for any number of sinks and bytes.
 *
 * <p>If the source or a sink fails, all end: the threads are interrupted. A function that reads
 * gets an {@link IOException} instead of the end of its stream, so that it cannot take a part for
 * the whole. Bytes that a sink has taken stay there. A function that returns before the end has
 * read enough; that is no failure, and the others get the rest.
 *
 * <p>The streams are flushed, but not closed: they belong to the caller. A stream that ignores
 * interrupts, such as {@link System#in}, holds the end up until its read or write returns.
 *
 * <p>Not thread-safe, and used once.
 */
public final class Tee {

  private static final int BUFFER = 16 * 1024;

  /** A function that reads a stream. */
  @FunctionalInterface
  public interface Reader {
    /** Reads as much as it needs; the stream need not be closed. */
    void read(InputStream in) throws Exception;
  }

  /** Takes all chunks of a channel. */
  private interface Sink {
    void take(Channel<byte[]> chunks) throws Exception;
  }

  /** The party that has failed first, and its exception. */
  private record Failed(String party, Throwable cause) {}

  private final InputStream source;
  private final List<Sink> sinks = new ArrayList<>();
  private final List<Channel<byte[]>> channels = new ArrayList<>();
  private final AtomicReference<@Nullable Failed> failed = new AtomicReference<>();
  private long bytes; // by the thread of the source, until it is joined
  private boolean used;

  private Tee(InputStream source) {
    this.source = Objects.requireNonNull(source, "source");
  }

  /** Copies from there. */
  public static Tee from(InputStream source) {
    return new Tee(source);
  }

  /** Adds a stream that all bytes are written to. */
  public Tee to(OutputStream out) {
    Objects.requireNonNull(out, "out");
    return add(
        chunks -> {
          for (byte[] chunk; (chunk = chunks.receiveOrNull()) != null; ) {
            out.write(chunk);
          }
          out.flush();
        });
  }

  /** Adds a function that reads all bytes. */
  public Tee into(Reader reader) {
    Objects.requireNonNull(reader, "reader");
    return add(
        chunks -> {
          reader.read(new Chunks(chunks));
          while (chunks.receiveOrNull() != null) {
            // This reader has read enough; the others have not.
          }
        });
  }

  private Tee add(Sink sink) {
    sinks.add(sink);
    channels.add(Channel.buffered(1));
    return this;
  }

  /**
   * Copies everything. Blocks until the source has ended and every sink has taken all, or until one
   * of them has failed and the others have ended.
   *
   * @return the number of bytes
   * @throws ExecutionException if the source or a sink has failed: the message names it, and the
   *     cause is its exception, as it was thrown
   * @throws CancellationException if the context is cancelled first
   * @throws InterruptedException if the thread is interrupted first
   * @throws IllegalStateException if it was called before, or there is no sink
   */
  public long copy(Context context) throws InterruptedException, ExecutionException {
    if (used || sinks.isEmpty()) {
      throw new IllegalStateException(
          used ? "a tee copies once: make a new one" : "there is no sink: add at least one");
    }
    used = true;
    try (var group = TaskGroup.open(context)) {
      for (int i = 0; i < sinks.size(); i++) {
        Sink sink = sinks.get(i);
        Channel<byte[]> chunks = channels.get(i);
        fork(group, "sink %d of %d".formatted(i + 1, sinks.size()), () -> sink.take(chunks));
      }
      fork(group, "the source", this::read);
      group.join();
      return bytes;
    } catch (ExecutionException e) {
      Failed first = failed.get();
      throw first == null
          ? e
          : new ExecutionException(
              "%s failed; %d bytes were read by then".formatted(first.party, bytes), first.cause);
    } finally {
      // If no task of the source has run, no other code closes the streams.
      close(new CancellationException("the copy has ended"));
    }
  }

  /** The body of a task. */
  private interface Work {
    void run() throws Exception;
  }

  private void fork(TaskGroup group, String party, Work work) throws InterruptedException {
    var _ =
        group.fork(
            () -> {
              try {
                work.run();
                return true;
              } catch (Throwable e) {
                if (!group.context().isCancelled()) {
                  failed.compareAndSet(null, new Failed(party, e));
                }
                close(e);
                throw e;
              }
            });
  }

  private void read() throws IOException, InterruptedException {
    byte[] buffer = new byte[BUFFER];
    for (int count; (count = source.read(buffer)) >= 0; ) {
      bytes += count;
      byte[] chunk = Arrays.copyOf(buffer, count);
      if (count > 0) {
        for (Channel<byte[]> channel : channels) {
          channel.send(chunk); // waits for the slowest
        }
      }
    }
    channels.forEach(Channel::close);
  }

  /** Readers must not take this for the end of the source. */
  private void close(Throwable cause) {
    channels.forEach(channel -> channel.close(cause));
  }

  /** The chunks as a stream, for one thread. */
  private static final class Chunks extends ChunkInputStream {
    private final Channel<byte[]> chunks;

    Chunks(Channel<byte[]> chunks) {
      this.chunks = chunks;
    }

    @Override
    protected byte @Nullable [] next() throws IOException {
      try {
        return chunks.receiveOrNull();
      } catch (ChannelClosedException e) {
        throw new IOException("the stream ends early: the copy has failed", e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while waiting for the source", e);
      }
    }
  }
}
