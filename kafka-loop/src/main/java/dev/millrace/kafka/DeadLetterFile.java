package dev.millrace.kafka;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A file of dead letters, one line of JSON for each. It serves as the second place for letters that
 * their topic refuses, or as the only place.
 *
 * <pre>{@code
 * try (var file = DeadLetterFile.open(Path.of("refused.jsonl"))) {
 *   var loop = builder.deadLetterTopic("orders.dead").refusedLetters(RefusedLetters.to(file)).build();
 *   loop.run(context);
 * }
 * }</pre>
 *
 * <p>The fields are {@code topic}, {@code partition}, {@code offset}, {@code timestamp}, {@code
 * group}, {@code stage}, {@code attempts}, {@code exception} and {@code reason}. The {@code key},
 * the {@code value} and the values of {@code headers} are in Base64; {@code key} and {@code value}
 * are null if the record has none.
 *
 * <p>When {@link #accept} returns, the line is on the disk. An interrupt neither tears a line nor
 * closes the file. Thread-safe. Writing blocks, and lines are written one after the other. The
 * caller closes the file after the loops that use it.
 */
public final class DeadLetterFile implements DeadLetters, AutoCloseable {

  private final Path file;
  private final FileOutputStream out; // not a channel, which an interrupt would close

  private DeadLetterFile(Path file, FileOutputStream out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Opens a file to append to it; creates it if it does not exist. Lines that are in it already
   * stay.
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

  /** Whether the last line is incomplete, for example because the disk was full. */
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
   * Adds a line. Blocks until the line is on the disk.
   *
   * @throws IOException if the line cannot be written, for example because the file is closed
   */
  @Override
  public void accept(DeadLetter letter) throws IOException {
    byte[] line = (LetterJson.of(letter) + '\n').getBytes(StandardCharsets.UTF_8);
    synchronized (out) {
      out.write(line);
      out.getFD().sync();
    }
  }

  /** Closes the file. Idempotent. */
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
