package dev.millrace.samples.verify;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Makes jars to verify. */
final class Jars {

  private Jars() {}

  /** A jar of three entries, one of them stored; with a .sha1 file beside it. */
  static Path good(Path file) throws Exception {
    write(file);
    Files.writeString(sha1File(file), sha1(file));
    return file;
  }

  static Path write(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      add(zip, "META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n");
      add(zip, "a/B.class", "0123456789".repeat(5000));
      byte[] stored = "stored".getBytes(StandardCharsets.UTF_8);
      var crc = new CRC32();
      crc.update(stored);
      var entry = new ZipEntry("stored.txt");
      entry.setMethod(ZipEntry.STORED);
      entry.setSize(stored.length);
      entry.setCrc(crc.getValue());
      zip.putNextEntry(entry);
      zip.write(stored);
      zip.closeEntry();
    }
    return file;
  }

  private static void add(ZipOutputStream zip, String name, String content) throws IOException {
    zip.putNextEntry(new ZipEntry(name)); // deflated, with a data descriptor
    zip.write(content.getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
  }

  static Path sha1File(Path file) {
    return file.resolveSibling(file.getFileName() + ".sha1");
  }

  static String sha1(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-1").digest(Files.readAllBytes(file)));
  }

  /** Changes the byte of the stored entry's content, which no decompression would notice. */
  static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    bytes[text.lastIndexOf("stored.txt", text.indexOf("PK\u0001\u0002")) + "stored.txt".length()]++;
    Files.write(file, bytes);
  }
}
