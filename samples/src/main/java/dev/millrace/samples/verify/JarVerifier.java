package dev.millrace.samples.verify;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Verifies a jar: its SHA-1, if there is a {@code .sha1} file beside it, and the CRC of every
 * entry.
 *
 * <p>The file is mapped into memory and read once: the digest runs over the mapping, and the
 * entries are then read from the same pages. Entries are found by the central directory: a stream
 * of local headers would refuse legal jars, and would not find the entries behind a launcher
 * script. A jar of many gigabytes takes no heap.
 */
final class JarVerifier {

  private static final long SLICE = 1 << 28;
  private static final Pattern SHA1 =
      Pattern.compile("\\s*([0-9a-fA-F]{40})(\\s.*)?", Pattern.DOTALL);

  private JarVerifier() {}

  static Verified verify(Path jar) throws RejectedException {
    try (var arena = Arena.ofConfined();
        var channel = FileChannel.open(jar, StandardOpenOption.READ)) {
      if (!Files.isRegularFile(jar)) {
        throw new RejectedException(Reason.UNREADABLE, "not a file");
      }
      MemorySegment content = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      String expected = expectedSha1(jar.resolveSibling(jar.getFileName() + ".sha1"));
      if (expected != null) {
        String actual = sha1(content);
        if (!actual.equals(expected)) {
          throw new RejectedException(
              Reason.SHA1_MISMATCH, "expected " + expected + ", found " + actual);
        }
      }
      long entries = verifyEntries(content);
      return new Verified(expected == null ? "crc" : "sha1+crc", entries, content.byteSize());
    } catch (IOException e) {
      throw new RejectedException(Reason.UNREADABLE, e.toString());
    } catch (InternalError e) { // the error of a mapping whose file was truncated meanwhile
      throw new RejectedException(
          Reason.UNREADABLE, "changed while it was read: " + e.getMessage());
    }
  }

  private static @Nullable String expectedSha1(Path file) throws IOException, RejectedException {
    if (!Files.exists(file)) {
      return null;
    }
    String text;
    try {
      text = Files.readString(file);
    } catch (MalformedInputException e) {
      throw new RejectedException(Reason.MALFORMED_SHA1, "not a text file");
    }
    var matcher = SHA1.matcher(text);
    if (!matcher.matches()) {
      throw new RejectedException(
          Reason.MALFORMED_SHA1, text.isBlank() ? "empty" : "starts with " + start(text));
    }
    return matcher.group(1).toLowerCase(Locale.ROOT);
  }

  private static String start(String text) {
    return "'" + text.strip().lines().findFirst().orElse("").transform(JarVerifier::cut) + "'";
  }

  private static String cut(String line) {
    return line.length() <= 40 ? line : line.substring(0, 40) + "…";
  }

  private static String sha1(MemorySegment content) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
    for (long at = 0; at < content.byteSize(); at += SLICE) {
      digest.update(content.asSlice(at, Math.min(SLICE, content.byteSize() - at)).asByteBuffer());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static long verifyEntries(MemorySegment content) throws RejectedException {
    long entries = 0;
    byte[] buffer = new byte[1 << 14];
    try (ZipFile zip =
        ZipFile.builder().setSeekableByteChannel(new SegmentChannel(content)).get()) {
      for (Enumeration<ZipArchiveEntry> all = zip.getEntries(); all.hasMoreElements(); ) {
        ZipArchiveEntry entry = all.nextElement();
        if (!zip.canReadEntryData(entry)) {
          throw new RejectedException(
              Reason.BROKEN_ZIP,
              "entry " + entry.getName() + " is encrypted or compressed in an unknown way");
        }
        verifyEntry(zip, entry, buffer);
        entries++;
      }
    } catch (IOException
        | RuntimeException e) { // the library also throws RuntimeExceptions on malformed input
      throw new RejectedException(Reason.BROKEN_ZIP, String.valueOf(e.getMessage()));
    }
    return entries;
  }

  private static void verifyEntry(ZipFile zip, ZipArchiveEntry entry, byte[] buffer)
      throws IOException, RejectedException {
    var crc = new CRC32();
    long length = 0;
    try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc)) {
      for (int read; (read = in.read(buffer)) >= 0; ) {
        length += read;
      }
    } catch (IOException e) {
      throw new RejectedException(
          Reason.BROKEN_ZIP, "entry " + entry.getName() + ": " + e.getMessage());
    }
    if (crc.getValue() != entry.getCrc() || length != entry.getSize()) {
      throw new RejectedException(
          Reason.CRC_MISMATCH,
          "entry %s: expected %08x in %d bytes, found %08x in %d"
              .formatted(entry.getName(), entry.getCrc(), entry.getSize(), crc.getValue(), length));
    }
  }
}
