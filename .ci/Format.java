import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Checks that every Java source below a directory is formatted as google-java-format would, or
 * formats it: {@code java -cp google-java-format.jar Format.java check|apply DIR}.
 */
public final class Format {

  private static final Set<String> SKIPPED = Set.of("target", ".git", ".idea");

  public static void main(String[] args) throws Exception {
    boolean apply = args[0].equals("apply");
    var formatter = new Formatter(JavaFormatterOptions.defaultOptions());
    List<Path> different =
        sources(Path.of(args[1])).parallelStream()
            .filter(file -> differs(file, formatter, apply))
            .toList();
    if (!apply && !different.isEmpty()) {
      System.err.println("Not formatted as google-java-format would:");
      different.forEach(file -> System.err.println("  " + file));
      System.err.println("Format them with: mvn -q -N validate -Dformat=apply");
      System.exit(1);
    }
  }

  private static boolean differs(Path file, Formatter formatter, boolean apply) {
    try {
      String before = Files.readString(file);
      String after =
          formatter.formatSourceAndFixImports(RemoveUnusedImports.removeUnusedImports(before));
      if (apply && !after.equals(before)) {
        Files.writeString(file, after);
      }
      return !after.equals(before);
    } catch (IOException | FormatterException e) {
      throw new IllegalStateException(file.toString(), e);
    }
  }

  private static List<Path> sources(Path root) throws Exception {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            return SKIPPED.contains(dir.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return found;
  }

  private Format() {}
}
