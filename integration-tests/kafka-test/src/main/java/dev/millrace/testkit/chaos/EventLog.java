package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Appends events to a file, each with one write. So a killed process loses no earlier event, and a
 * reader never waits. Thread-safe. The times of the lines never go back.
 */
final class EventLog implements AutoCloseable {

  private final OutputStream file;

  EventLog(Path path) throws IOException {
    file = new FileOutputStream(path.toFile(), true);
  }

  /** Logs an event of a record. */
  void record(Kind kind, int partition, long offset, String key, String detail) {
    write(kind, partition, offset, -1, key, detail);
  }

  /** Logs an event of a partition. */
  void partition(Kind kind, int partition, long offset, long epoch) {
    write(kind, partition, offset, epoch, "", "");
  }

  /** Logs an event of the process. */
  void say(Kind kind, long offset, long epoch, String detail) {
    write(kind, -1, offset, epoch, "", detail);
  }

  private synchronized void write(
      Kind kind, int partition, long offset, long epoch, String key, String detail) {
    var event =
        new Event(
            "",
            System.nanoTime(),
            System.currentTimeMillis(),
            kind,
            partition,
            offset,
            epoch,
            key,
            detail);
    try {
      file.write((event.line() + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("the event log cannot be written", e);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
