package dev.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the class path of this JVM to a file, so that the script can start one without Maven. */
public final class ClassPath {

  private ClassPath() {}

  /** Writes it; the argument is the file. */
  public static void main(String[] args) throws IOException {
    Files.writeString(Path.of(args[0]), System.getProperty("java.class.path"));
  }
}
