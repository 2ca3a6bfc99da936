package dev.millrace.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The file of a {@link DurableFile}; tests have one that fails. Used by one thread at a time. */
interface Disk extends AutoCloseable {

  /** Its length, in bytes. */
  long size() throws IOException;

  /** Appends all bytes; may fail after a part of them. */
  void append(ByteBuffer[] bytes) throws IOException;

  /** Blocks until everything is on the device. */
  void force() throws IOException;

  /** Cuts the end off. */
  void truncate(long size) throws IOException;

  @Override
  void close() throws IOException;

  /** A file that no other process appends to. */
  static Disk open(Path path) throws IOException {
    boolean isNew = !Files.exists(path);
    FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean opened = false;
    try {
      if (!isLocked(file)) {
        throw new IOException(path + " is in use: another process or thread appends to it");
      }
      if (isNew) {
        forceDirectory(path);
      }
      file.position(file.size());
      opened = true;
    } finally {
      if (!opened) {
        file.close();
      }
    }
    return new Disk() {
      @Override
      public long size() throws IOException {
        return file.size();
      }

      @Override
      public void append(ByteBuffer[] bytes) throws IOException {
        int first = 0;
        while (first < bytes.length) {
          long _ = file.write(bytes, first, Math.min(bytes.length - first, 1_024)); // IOV_MAX
          while (first < bytes.length && !bytes[first].hasRemaining()) {
            first++;
          }
        }
      }

      @Override
      public void force() throws IOException {
        file.force(false);
      }

      @Override
      public void truncate(long size) throws IOException {
        var _ = file.truncate(size);
        file.position(size);
      }

      @Override
      public void close() throws IOException {
        file.close(); // releases the lock
      }
    };
  }

  private static boolean isLocked(FileChannel file) throws IOException {
    try {
      return file.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** The name of a new file is not on the device before its directory is. */
  private static void forceDirectory(Path path) {
    Path directory = path.toAbsolutePath().getParent();
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not possible on this platform, such as on Windows, where it is not needed.
    }
  }
}
