package dev.millrace.io;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.internal.Uninterruptibly;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A file that threads append to, and whose appends return when the bytes are on the disk.
 *
 * <pre>{@code
 * try (var journal = DurableFile.open(path)) {
 *   journal.append(record); // survives a power failure from here on
 * }
 * }</pre>
 *
 * <p>A disk takes milliseconds to force a file, whether one record was written or a thousand. So
 * one thread writes everything that waits, forces the file once, and only then lets all the callers
 * return: a group commit. The more threads append at the same time, the more appends share a force.
 * The bytes of one append stand together, and the appends of one thread are in their order.
 *
 * <p>If a write fails, for example because the disk is full, the file is cut back to its last good
 * length. All callers of that batch get the failure; later appends may succeed. If a force fails,
 * the state of the disk is unknown: operating systems drop the pages and report the failure once.
 * Then the file is broken, and every later append is refused. A crash of the machine can leave an
 * incomplete append at the end of the file, if the append had not returned. Readers should check
 * the last record, by a length or a checksum.
 *
 * <p>A file has one {@code DurableFile} at a time, by a lock of the operating system.
 *
 * <p>Thread-safe. An append blocks for a write and a force, and for the force that is under way.
 * One virtual thread runs until the close; interrupts of callers never reach the file, whose
 * channel they would close.
 */
public final class DurableFile implements AutoCloseable {

  /** Bounds the bytes that share a force, so that one append waits for a bounded time. */
  private static final long MAX_BATCH_BYTES = 8L << 20;

  private static final int MAX_WAITING = 1_024;

  /** An append. Written by the thread of the file, before the channel is closed. */
  private static final class Append {
    final ByteBuffer[] bytes;
    final long length;
    final Channel<Void> done = Channel.rendezvous();
    long offset;
    @Nullable IOException failure;

    Append(List<ByteBuffer> buffers) {
      bytes = new ByteBuffer[buffers.size()];
      long sum = 0;
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = buffers.get(i).duplicate();
        sum += bytes[i].remaining();
      }
      length = sum;
    }
  }

  private final Disk disk;
  private final String name;
  private final Channel<Append> appends = Channel.buffered(MAX_WAITING);
  private final Thread thread;
  private volatile long size;
  private final AtomicLong forces = new AtomicLong();
  private @Nullable IOException broken; // by the thread of the file

  private DurableFile(Disk disk, String name) throws IOException {
    this.disk = disk;
    this.name = name;
    this.size = disk.size();
    this.thread = Thread.ofVirtual().name("millrace-durable-file").unstarted(this::run);
  }

  /**
   * Opens a file for appending, and makes it if there is none.
   *
   * @throws IOException if it cannot be opened, or is in use by another {@code DurableFile}
   */
  public static DurableFile open(Path path) throws IOException {
    return open(Disk.open(path), path.toString());
  }

  static DurableFile open(Disk disk, String name) throws IOException {
    var file = new DurableFile(disk, name);
    file.thread.start();
    return file;
  }

  /**
   * Appends a record, and returns when it is on the disk.
   *
   * @param record must not be changed before this returns; its position is not moved
   * @return the offset in the file where it begins
   * @throws IOException if it could not be written or forced. It is not in the file then, unless
   *     the force has failed
   * @throws InterruptedException if the thread is interrupted first. The record may be in the file;
   *     its buffer must not be changed any more
   * @throws IllegalStateException if the file is closed
   */
  public long append(ByteBuffer record) throws IOException, InterruptedException {
    return append(List.of(record));
  }

  /** Appends records one behind the other, with one force; as {@link #append(ByteBuffer)}. */
  public long append(List<ByteBuffer> records) throws IOException, InterruptedException {
    var append = new Append(records);
    try {
      appends.send(append);
    } catch (ChannelClosedException e) {
      throw new IllegalStateException(name + " is closed", e);
    }
    append.done.receiveOrNull();
    IOException failure = append.failure;
    if (failure != null) {
      throw new IOException("cannot append to " + name + ": " + failure.getMessage(), failure);
    }
    return append.offset;
  }

  private void run() {
    while (true) {
      List<Append> batch = next();
      if (batch.isEmpty()) {
        return;
      }
      try {
        write(batch);
      } finally {
        batch.forEach(append -> append.done.close());
      }
    }
  }

  /** Everything that waits; empty if the file is closed. */
  private List<Append> next() {
    List<Append> batch = new ArrayList<>();
    long bytes = 0;
    try {
      for (Append append = appends.receiveOrNull(); append != null; append = appends.tryReceive()) {
        batch.add(append);
        bytes += append.length;
        if (bytes >= MAX_BATCH_BYTES) {
          break;
        }
      }
    } catch (ChannelClosedException e) {
      // Closed and drained; the batch is written first.
    } catch (InterruptedException e) {
      throw new AssertionError("no other code has this thread", e);
    }
    return batch;
  }

  private void write(List<Append> batch) {
    if (broken != null) {
      fail(batch, broken);
      return;
    }
    long before = size;
    long end = before;
    List<ByteBuffer> bytes = new ArrayList<>();
    for (Append append : batch) {
      append.offset = end;
      end += append.length;
      bytes.addAll(List.of(append.bytes));
    }
    try {
      disk.append(bytes.toArray(ByteBuffer[]::new));
    } catch (IOException | RuntimeException | Error e) {
      fail(batch, asFailure(e));
      cutBack(before);
      return;
    }
    try {
      disk.force();
      forces.incrementAndGet();
      size = end;
    } catch (IOException | RuntimeException | Error e) {
      broken = new IOException("a force has failed, so that its contents are unknown", e);
      fail(batch, broken);
    }
  }

  private void cutBack(long before) {
    try {
      disk.truncate(before);
    } catch (IOException | RuntimeException | Error e) {
      broken = new IOException("a part of a record stands at its end, and cannot be cut off", e);
    }
  }

  private static IOException asFailure(Throwable e) {
    return e instanceof IOException failure ? failure : new IOException(e);
  }

  private static void fail(List<Append> batch, IOException failure) {
    batch.forEach(append -> append.failure = failure);
  }

  /** Its length in bytes, without the bytes that are not yet on the disk. */
  public long size() {
    return size;
  }

  /** How often it was forced: compare with the number of appends. */
  public long forces() {
    return forces.get();
  }

  /**
   * Takes no more appends, waits until the waiting appends are on the disk or have failed, and
   * closes the file. An interrupt does not shorten it; it is kept for the caller.
   *
   * @throws IOException if the file cannot be closed
   */
  @Override
  public void close() throws IOException {
    appends.close();
    Uninterruptibly.await(thread::join);
    closeDisk();
  }

  private void closeDisk() throws IOException {
    boolean wasInterrupted = Thread.interrupted();
    try {
      disk.close();
    } finally {
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Names the file, its length, and how often it was forced. */
  @Override
  public String toString() {
    return "DurableFile[%s, %d bytes, %d forces]".formatted(name, size, forces.get());
  }
}
