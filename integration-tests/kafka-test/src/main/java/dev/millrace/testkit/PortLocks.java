package dev.millrace.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reservations of ports among all JVMs of a user on this machine.
 *
 * <p>A broker binds its ports some seconds after they were chosen. Without a reservation, a second
 * broker that starts in these seconds may choose the same ports. Then the bind of one broker fails,
 * or its clients reach the other broker. A socket cannot hold the port meanwhile, because the
 * broker could then not bind it. So each reserved port is a lock on one byte of a file, at the
 * position of the port's number. The system releases the locks of a JVM that ends, however it ends.
 *
 * <p>The file stays open: on POSIX systems, closing any channel of a file releases all locks that
 * the process has on it. Thread-safe.
 */
final class PortLocks {

  private static @Nullable FileChannel file;

  private PortLocks() {}

  /**
   * A reservation of the port, until it is released or garbage-collected. Null if the port is
   * already reserved, by this JVM or another one.
   */
  static synchronized @Nullable FileLock tryReserve(int port) throws IOException {
    try {
      return open().tryLock(port, 1, false);
    } catch (OverlappingFileLockException e) {
      return null; // this JVM has reserved it
    }
  }

  private static FileChannel open() throws IOException {
    if (file == null) {
      String name = "millrace-kafka-ports-" + System.getProperty("user.name");
      file =
          FileChannel.open(
              Path.of(System.getProperty("java.io.tmpdir"), name),
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE);
    }
    return file;
  }

  /** Releases the ports for other nodes. */
  static void release(List<FileLock> reserved) {
    try {
      for (FileLock each : reserved) {
        each.release();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the ports of a broker cannot be released", e);
    }
  }
}
