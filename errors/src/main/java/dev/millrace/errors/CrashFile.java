package dev.millrace.errors;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes each uncaught exception to a file, so that the stack outlives the process: put the file on
 * a volume of the container.
 *
 * <pre>{@code
 * CrashFile.install(Path.of("/var/log/app/crash.log"));
 * }</pre>
 *
 * <p>A crash file is the default handler of uncaught exceptions. Each entry has the time, the
 * thread, and the stack with its causes, and is forced to the disk before the handler returns. Then
 * the handler that was installed before is called; if there was none, the stack goes to {@link
 * System#err}, as the JVM does it.
 *
 * <p>A crash file cannot see a crash of the JVM itself. For that, start the JVM with {@code
 * -XX:ErrorFile=DIRECTORY/hs_err_%p.log -XX:+HeapDumpOnOutOfMemoryError
 * -XX:HeapDumpPath=DIRECTORY}, and with {@code -XX:+ExitOnOutOfMemoryError} if the process should
 * end then.
 *
 * <p>Thread-safe. An entry blocks its thread for the time of the write and of the force.
 */
public final class CrashFile implements AutoCloseable {

  private final Path path;
  private final FileChannel file;
  private final Thread.@Nullable UncaughtExceptionHandler before;
  private final Thread.UncaughtExceptionHandler handler = this::uncaught;

  private CrashFile(Path path) throws IOException {
    this.path = Objects.requireNonNull(path, "path");
    this.file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND); // several processes may share the file
    this.before = Thread.getDefaultUncaughtExceptionHandler();
  }

  /**
   * Installs the handler, and opens the file at once: it must not fail for the first time in a
   * crash. Earlier entries stay in the file.
   *
   * @throws IOException if the file cannot be opened for appending
   */
  public static CrashFile install(Path path) throws IOException {
    var crashFile = new CrashFile(path);
    Thread.setDefaultUncaughtExceptionHandler(crashFile.handler);
    return crashFile;
  }

  private void uncaught(Thread thread, Throwable thrown) {
    try {
      write(thread, thrown);
    } catch (Throwable e) { // such as a full disk, or no memory
      System.err.println("the crash file " + path + " cannot be written: " + e);
    }
    if (before != null) {
      before.uncaughtException(thread, thrown);
    } else {
      System.err.print("Exception in thread \"" + thread.getName() + "\" ");
      thrown.printStackTrace();
    }
  }

  private void write(Thread thread, Throwable thrown) throws IOException {
    var text = new StringWriter();
    var out = new PrintWriter(text);
    out.printf("%s %s in thread '%s'%n", Instant.now(), PanicKind.of(thrown), thread.getName());
    thrown.printStackTrace(out);
    out.println();
    boolean interrupted = Thread.interrupted(); // an interrupt would close the channel
    try {
      synchronized (file) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
        while (bytes.hasRemaining()) {
          var _ = file.write(bytes);
        }
        file.force(false);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Installs the handler that was there before, unless another one was installed meanwhile. */
  @Override
  public void close() throws IOException {
    if (Thread.getDefaultUncaughtExceptionHandler() == handler) {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    file.close();
  }
}
