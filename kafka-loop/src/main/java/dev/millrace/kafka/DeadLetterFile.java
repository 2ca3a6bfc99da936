package dev.millrace.kafka;

import dev.millrace.kafka.internal.letters.LetterJson;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A file to which each dead letter is added as a line of JSON: a second place for those that their
 * topic refuses, or the only one.
 *
 * <pre>{@code
 * try (var file = DeadLetterFile.open(Path.of("refused.jsonl"))) {
 *   var loop = builder.deadLetterTopic("orders.dead").refusedLetters(RefusedLetters.to(file)).build();
 *   loop.run(context);
 * }
 * }</pre>
 *
 * <p>The fields are {@code topic}, {@code partition}, {@code offset}, {@code timestamp}, {@code
 * group}, {@code stage}, {@code attempts}, {@code exception}, {@code reason}, and in Base64 {@code
 * key}, {@code value} (null if the record has none) and the values of {@code headers}.
 *
 * <p>When a letter was accepted, its line is on the disk. An interrupt neither tears a line nor
 * closes the file. Thread-safe; blocks while it writes, one line after the other. The caller closes
 * it after the loops that use it.
 */
public final class DeadLetterFile implements DeadLetters, AutoCloseable {

  private final Path file;
  private final FileOutputStream out; // not a channel, which an interrupt would close

  private DeadLetterFile(Path file, FileOutputStream out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Opens a file; what is in it already stays.
   *
   * @throws IOException if the file cannot be opened
   */
  public static DeadLetterFile open(Path file) throws IOException {
    boolean torn = endsWithinLine(file);
    var out = new FileOutputStream(file.toFile(), true);
    if (torn) {
      out.write('\n');
    }
    return new DeadLetterFile(file, out);
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
   * @throws IOException if it cannot be written, such as when the file is closed
   */
  @Override
  public void accept(DeadLetter letter) throws IOException {
    byte[] line = (LetterJson.of(letter) + '\n').getBytes(StandardCharsets.UTF_8);
    synchronized (out) {
      out.write(line);
      out.getFD().sync();
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
