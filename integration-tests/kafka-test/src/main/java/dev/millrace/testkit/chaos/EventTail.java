package dev.millrace.testkit.chaos;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Reads the lines that were appended to an event log since the last call. Not thread-safe. */
final class EventTail {

  private final String who;
  private final Path path;
  private long position;

  EventTail(String who, Path path) {
    this.who = who;
    this.path = path;
  }

  /** All new complete lines. */
  List<Event> read() throws IOException {
    if (!path.toFile().exists()) {
      return List.of();
    }
    try (var file = new RandomAccessFile(path.toFile(), "r")) {
      byte[] bytes = new byte[(int) (file.length() - position)];
      file.seek(position);
      file.readFully(bytes);
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      int whole = text.lastIndexOf('\n') + 1;
      position += whole;
      String lines = new String(bytes, 0, whole, StandardCharsets.UTF_8);
      return lines.lines().map(line -> Event.parse(who, line)).filter(Objects::nonNull).toList();
    }
  }
}
