package dev.millrace.stages;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A file to which each failure is added as a line.
 *
 * <pre>{@code
 * try (var deadLetters = DeadLetterFile.json(path)) {
 *   Pipe.from(orders)
 *       .onFailure(FailurePolicy.deadLetters(deadLetters))
 *       .map("parse", Order::parse)
 *       ...
 * }
 * }</pre>
 *
 * <p>When a failure was accepted, its whole line was given to the operating system: it survives the
 * end of the process, not a crash of the machine. An interrupt neither tears a line nor closes the
 * file. If the file cannot be written, the run stops.
 *
 * <p>Thread-safe; many stages and runs may share it. It blocks while it writes, one line after the
 * other. The application closes it, after the runs that use it.
 *
 * @see FailurePolicy#deadLetters
 */
public final class DeadLetterFile implements StageConsumer<Failure<?>>, AutoCloseable {

  private final Path file;
  private final StageFunction<? super Failure<?>, String> format;
  private final OutputStream out; // not a channel, which an interrupt would close

  private DeadLetterFile(
      Path file, StageFunction<? super Failure<?>, String> format, OutputStream out) {
    this.file = file;
    this.format = format;
    this.out = out;
  }

  /**
   * Opens a file for lines in JSON, with the fields {@code stage}, {@code element} (its {@code
   * toString}), {@code attempt}, {@code time} (ISO 8601, UTC), and {@code causes}. The causes go
   * from the exception to its root cause, each with {@code type} and {@code message}, which may be
   * null. New lines are appended.
   *
   * <p>Needs the library {@code com.fasterxml.jackson.core:jackson-core}, on which this module
   * depends only optionally: add it to the build, and {@code requires com.fasterxml.jackson.core}
   * to the descriptor of a modular application.
   *
   * @throws IllegalStateException if the library is missing
   * @throws IOException if the file cannot be opened
   */
  public static DeadLetterFile json(Path file) throws IOException {
    StageFunction<Failure<?>, String> format;
    try {
      format = new FailureJson();
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException(
          "dead letters in JSON need the library com.fasterxml.jackson.core:jackson-core: add it to"
              + " the class path or the module path, or give open a format of your own",
          e);
    }
    return open(file, format);
  }

  /**
   * Opens a file for lines of one's own format. New lines are appended.
   *
   * @param format makes the line, which must not contain a line end. Its exceptions stop the run
   * @throws IOException if the file cannot be opened
   */
  public static DeadLetterFile open(Path file, StageFunction<? super Failure<?>, String> format)
      throws IOException {
    Objects.requireNonNull(format, "format");
    boolean torn = endsWithinLine(file);
    OutputStream out = new FileOutputStream(file.toFile(), true);
    if (torn) {
      out.write('\n');
    }
    return new DeadLetterFile(file, format, out);
  }

  /** Whether the last line was cut off, such as by a full disk. */
  private static boolean endsWithinLine(Path file) throws IOException {
    if (!file.toFile().exists()) {
      return false;
    }
    try (var existing = new RandomAccessFile(file.toFile(), "r")) {
      long length = existing.length();
      existing.seek(Math.max(0, length - 1));
      return length > 0 && existing.read() != '\n';
    }
  }

  /**
   * Adds a line.
   *
   * @throws IOException if the line cannot be written, such as when the file is closed
   * @throws IllegalArgumentException if the format has made several lines
   */
  @Override
  public void accept(Failure<?> failure) throws Exception {
    String line = format.apply(failure);
    if (line.indexOf('\n') >= 0 || line.indexOf('\r') >= 0) {
      throw new IllegalArgumentException(
          "the format of the dead letters in %s must make one line, but has made: %s"
              .formatted(file, line));
    }
    byte[] bytes = (line + '\n').getBytes(StandardCharsets.UTF_8);
    synchronized (out) {
      out.write(bytes);
    }
  }

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    synchronized (out) {
      out.close();
    }
  }

  @Override
  public String toString() {
    return "DeadLetterFile[" + file + "]";
  }
}
