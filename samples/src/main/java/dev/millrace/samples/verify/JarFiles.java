package dev.millrace.samples.verify;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Finds the jars below a directory. */
final class JarFiles {

  private JarFiles() {}

  /**
   * The first {@code limit} jars, in the order of the walk. Files that cannot be read are reported
   * and skipped.
   */
  static List<Path> below(Path directory, int limit, Consumer<String> warnings) throws IOException {
    List<Path> jars = new ArrayList<>();
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".jar") && !attributes.isDirectory()) {
              jars.add(file);
            }
            return jars.size() < limit ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure) {
            warnings.accept("passed over: " + failure);
            return FileVisitResult.CONTINUE;
          }
        });
    return jars;
  }
}
