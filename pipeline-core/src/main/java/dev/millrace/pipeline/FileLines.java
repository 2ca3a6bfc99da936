package dev.millrace.pipeline;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes lines to a temporary file, and renames it to the target file at the end. */
final class FileLines implements Sink.Receiver<CharSequence, Long> {

  private final PartialFile file;
  private final Writer writer;
  private long count;

  private FileLines(PartialFile file) {
    this.file = file;
    // An explicit encoder reports malformed text. A writer made from a charset would write '?'.
    this.writer =
        new BufferedWriter(
            Channels.newWriter(file.channel(), StandardCharsets.UTF_8.newEncoder(), -1));
  }

  static FileLines open(Path file) throws IOException {
    return new FileLines(PartialFile.open(file));
  }

  @Override
  public boolean accept(CharSequence line) throws IOException {
    writer.append(line).append('\n');
    count++;
    return true;
  }

  @Override
  public int holds() {
    return Integer.MAX_VALUE; // no line is safe before finish() has renamed the file
  }

  @Override
  public Long finish() throws IOException {
    writer.flush();
    file.finish();
    return count;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
