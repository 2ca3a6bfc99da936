package dev.millrace.samples.verify;

import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A jar of a repository.
 *
 * @param groupId the group of the artifact, as in {@code org.example.project}
 * @param path the path below the repository, with slashes on every system
 */
record Artifact(String groupId, String path) {

  /** The artifact of a file of the repository: group directories, artifact, version, file. */
  static Artifact of(Path repository, Path jar) {
    Path relative = repository.relativize(jar);
    int names = relative.getNameCount();
    Path group = names > 3 ? relative.subpath(0, names - 3) : relative.subpath(0, 1);
    String separator = FileSystems.getDefault().getSeparator();
    return new Artifact(
        group.toString().replace(separator, "."), relative.toString().replace(separator, "/"));
  }

  /**
   * The file that a record names. A path in a record is untrusted: it must not lead out of the
   * repository.
   */
  static Path resolve(Path repository, @Nullable String path) throws RejectedException {
    if (path == null || path.isBlank()) {
      throw new RejectedException(Reason.MALFORMED_RECORD, "no path");
    }
    if (!path.endsWith(".jar")) {
      throw new RejectedException(Reason.MALFORMED_RECORD, "not a jar: " + path);
    }
    try {
      Path file = repository.resolve(path).normalize();
      if (file.startsWith(repository) && !Path.of(path).isAbsolute()) {
        return file;
      }
    } catch (InvalidPathException e) {
      throw new RejectedException(Reason.MALFORMED_RECORD, "no path: " + e.getMessage());
    }
    throw new RejectedException(Reason.MALFORMED_RECORD, "leads out of the repository: " + path);
  }
}
