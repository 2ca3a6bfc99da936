package dev.millrace.kafka.internal.offsets;

import dev.millrace.kafka.internal.cluster.Origin;
import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * Encodes the records settled beyond a commit, and the topic of the commit, as the text that Kafka
 * stores with the commit.
 *
 * <p>Thread-safe. Takes some microseconds, and up to a millisecond if the settled ranges do not
 * fit.
 */
/*
 * The text is "mr1:" or "mr2:", followed by bytes in Base64 without padding. The bytes are, in this
 * order: with "mr2:", the origin; if records are settled beyond the commit, one byte for the form,
 * and the body; four bytes of checksum. The origin has four bytes for the cluster, sixteen bytes
 * for the id of the topic, and then the number of partitions plus one, with seven bits a byte.
 * Offsets count from the committed one. Forms: 0, the lengths of the runs (not settled, settled,
 * not settled, …), seven bits a byte; 1, a bit for each offset; 2 and 3, the same, deflated. The
 * shorter form is written: runs for the usual case of one slow record, bits for a wild mixture. So
 * 10,000 records without gaps take 1,700 characters at most. The body is deflated only if it would
 * not fit, because deflating takes a hundred times as long. If the deflated body does not fit
 * either, the text has the first ranges that fit without deflating.
 *
 * The checksum covers the body, the topic, the partition and the committed offset. Tools that copy
 * offsets to another cluster copy the text with another offset. A reader that believed such a text
 * would lose records.
 */
public final class CommitMetadata {

  private static final String PREFIX = "mr1:";
  private static final String WITH_ORIGIN = "mr2:";
  private static final int ORIGIN = 4 + 16; // without the number of partitions
  private static final int RUNS = 0;
  private static final int BITS = 1;
  private static final int DEFLATED = 2;
  private static final int CHECKSUM = 4;
  private static final int MAX_BODY =
      1 << 20; // bounds the memory that a malformed text can make us allocate
  private static final byte[] NONE = {};
  private static final int HOPELESS = 8; // deflating shrinks no body by a larger factor

  /**
   * A text, and whether it is complete.
   *
   * @param text empty if nothing is settled and no origin is known
   * @param complete false if the limit has cut it
   */
  public record Encoded(String text, boolean complete) {}

  /**
   * The content of a text.
   *
   * @param ranges the ranges settled beyond the commit
   * @param origin the topic that the commit belongs to; null if the text has none
   */
  public record Decoded(OffsetRanges ranges, @Nullable Origin origin) {}

  /** Tells why a text could not be understood. */
  public static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
      super(message);
    }
  }

  private CommitMetadata() {}

  /** The same without an origin. */
  public static Encoded encode(
      TopicPartition partition, long offset, OffsetRanges ranges, int limit) {
    return encode(partition, offset, ranges, null, limit);
  }

  /**
   * Encodes the origin, and the first ranges that fit behind it.
   *
   * @param offset the committed offset; no range begins before it
   * @param origin left out if it is null, or does not fit
   * @param limit the largest number of characters of the text
   */
  public static Encoded encode(
      TopicPartition partition,
      long offset,
      OffsetRanges ranges,
      @Nullable Origin origin,
      int limit) {
    int room = (int) (Math.max(0L, limit - PREFIX.length()) * 3 / 4) - CHECKSUM;
    byte[] header = origin == null ? NONE : header(origin);
    if (header.length > room) {
      header = NONE;
    }
    if (ranges.isEmpty()) {
      return new Encoded(sealed(partition, offset, header, NONE), true);
    }
    int bytes = room - header.length;
    byte[] all = smallest(offset, ranges, bytes);
    if (all.length <= bytes) {
      return new Encoded(sealed(partition, offset, header, all), true);
    }
    int fit = Math.max(fitAsRuns(offset, ranges, bytes - 1), fitAsBits(offset, ranges, bytes - 1));
    byte[] some = fit == 0 ? NONE : smallest(offset, ranges.first(fit), bytes);
    return new Encoded(sealed(partition, offset, header, some), false);
  }

  private static byte[] header(Origin origin) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(ORIGIN)
            .putInt(origin.cluster())
            .putLong(origin.topic().getMostSignificantBits())
            .putLong(origin.topic().getLeastSignificantBits())
            .array());
    write(origin.partitions() + 1L, out);
    return out.toByteArray();
  }

  /** The smallest form. The slow forms are tried only if the fast ones do not fit. */
  private static byte[] smallest(long offset, OffsetRanges ranges, int bytes) {
    byte[] smallest = form(RUNS, runs(offset, ranges));
    long[] edges = ranges.edges();
    if (edges[edges.length - 1] - offset <= 8L * smallest.length) {
      byte[] bits = form(BITS, bits(offset, ranges));
      smallest = bits.length < smallest.length ? bits : smallest;
    }
    if (smallest.length > bytes && smallest.length / HOPELESS <= bytes) {
      byte[] deflated = deflated(smallest);
      smallest = deflated.length < smallest.length ? deflated : smallest;
    }
    return smallest;
  }

  /** The number of the first ranges that fit into this number of bytes, as lengths of runs. */
  private static int fitAsRuns(long offset, OffsetRanges ranges, int bytes) {
    long[] edges = ranges.edges();
    long at = offset;
    int left = bytes;
    for (int i = 0; i < edges.length; i++) {
      left -= lengthOf(edges[i] - at);
      if (left < 0) {
        return i / 2;
      }
      at = edges[i];
    }
    return ranges.size();
  }

  private static int lengthOf(long run) {
    return Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(run) + 6) / 7);
  }

  /** The number of the first ranges that fit into this number of bytes, as bits. */
  private static int fitAsBits(long offset, OffsetRanges ranges, int bytes) {
    long[] edges = ranges.edges();
    int n = 0;
    while (n < ranges.size() && edges[2 * n + 1] - offset <= 8L * bytes) {
      n++;
    }
    return n;
  }

  static String sealed(TopicPartition partition, long offset, byte[] form) {
    return sealed(partition, offset, NONE, form);
  }

  private static String sealed(TopicPartition partition, long offset, byte[] header, byte[] form) {
    int length = header.length + form.length;
    if (length == 0) {
      return "";
    }
    byte[] whole = Arrays.copyOf(header, length + CHECKSUM);
    System.arraycopy(form, 0, whole, header.length, form.length);
    int checksum = checksum(partition, offset, Arrays.copyOf(whole, length));
    ByteBuffer.wrap(whole).putInt(length, checksum);
    String prefix = header.length == 0 ? PREFIX : WITH_ORIGIN;
    return prefix + Base64.getEncoder().withoutPadding().encodeToString(whole);
  }

  private static byte[] form(int form, byte[] body) {
    byte[] result = new byte[body.length + 1];
    result[0] = (byte) form;
    System.arraycopy(body, 0, result, 1, body.length);
    return result;
  }

  private static byte[] runs(long offset, OffsetRanges ranges) {
    var out = new ByteArrayOutputStream();
    long at = offset;
    for (long edge : ranges.edges()) {
      write(edge - at, out);
      at = edge;
    }
    return out.toByteArray();
  }

  private static void write(long number, ByteArrayOutputStream out) {
    long left = number;
    for (; left > 0x7F; left >>>= 7) {
      out.write((int) (left & 0x7F) | 0x80);
    }
    out.write((int) left);
  }

  private static byte[] bits(long offset, OffsetRanges ranges) {
    var bits = new BitSet();
    long[] edges = ranges.edges();
    for (int i = 0; i < edges.length; i += 2) {
      bits.set((int) (edges[i] - offset), (int) (edges[i + 1] - offset));
    }
    return bits.toByteArray();
  }

  private static byte[] deflated(byte[] form) {
    var deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    try {
      deflater.setInput(form, 1, form.length - 1);
      deflater.finish();
      // Incompressible input grows by five bytes in 16 KiB: this is more than enough.
      byte[] body = new byte[form.length + form.length / 256 + 64];
      int length = deflater.deflate(body);
      return form(form[0] | DEFLATED, Arrays.copyOf(body, length));
    } finally {
      deflater.end();
    }
  }

  private static int checksum(TopicPartition partition, long offset, byte[] form) {
    var crc = new CRC32();
    crc.update(form);
    crc.update(partition.topic().getBytes(StandardCharsets.UTF_8));
    crc.update(ByteBuffer.allocate(12).putInt(partition.partition()).putLong(offset).flip());
    return (int) crc.getValue();
  }

  /** The ranges settled beyond a commit, from its text; see {@link #decoded}. */
  public static OffsetRanges decode(TopicPartition partition, long offset, String text)
      throws MalformedException {
    return decoded(partition, offset, text).ranges();
  }

  /**
   * Decodes the text of a commit.
   *
   * @param offset the committed offset
   * @throws MalformedException if the text has another format, or is for another partition or
   *     offset; the message says why
   */
  public static Decoded decoded(TopicPartition partition, long offset, String text)
      throws MalformedException {
    if (text.isEmpty()) {
      return new Decoded(OffsetRanges.EMPTY, null);
    }
    boolean hasOrigin = text.startsWith(WITH_ORIGIN);
    if (!hasOrigin && !text.startsWith(PREFIX)) {
      throw new MalformedException("it was written by another program");
    }
    byte[] whole;
    try {
      whole = Base64.getDecoder().decode(text.substring(PREFIX.length()));
    } catch (IllegalArgumentException e) {
      throw new MalformedException("it is not Base64: " + e.getMessage());
    }
    if (whole.length <= CHECKSUM) {
      throw new MalformedException("it ends too early");
    }
    byte[] sealed = Arrays.copyOf(whole, whole.length - CHECKSUM);
    if (ByteBuffer.wrap(whole).getInt(sealed.length) != checksum(partition, offset, sealed)) {
      throw new MalformedException("it is damaged, or was written for another offset");
    }
    ByteBuffer in = ByteBuffer.wrap(sealed);
    Origin origin = hasOrigin ? origin(in) : null;
    if (!in.hasRemaining()) {
      return new Decoded(OffsetRanges.EMPTY, origin);
    }
    byte form = in.get();
    byte[] body = new byte[in.remaining()];
    in.get(body);
    return new Decoded(
        switch (form) {
          case RUNS -> ofRuns(offset, body);
          case BITS -> ofBits(offset, body);
          case RUNS | DEFLATED -> ofRuns(offset, inflated(body));
          case BITS | DEFLATED -> ofBits(offset, inflated(body));
          default -> throw new MalformedException("its form " + form + " is not known");
        },
        origin);
  }

  private static Origin origin(ByteBuffer in) throws MalformedException {
    try {
      int cluster = in.getInt();
      var topic = new Uuid(in.getLong(), in.getLong());
      long partitions = read(in) - 1;
      if (partitions < Origin.UNKNOWN || partitions > Integer.MAX_VALUE) {
        throw new MalformedException("the number of partitions is wrong");
      }
      return new Origin(cluster, topic, (int) partitions);
    } catch (BufferUnderflowException e) {
      throw new MalformedException("it ends within the origin");
    }
  }

  /** A number of seven bits a byte. */
  private static long read(ByteBuffer in) throws MalformedException {
    long number = 0;
    int shift = 0;
    byte part;
    do {
      part = in.get();
      number |= (long) (part & 0x7F) << shift;
      shift += 7;
    } while (part < 0 && shift < 63);
    if (part < 0) {
      throw new MalformedException("a number does not end");
    }
    return number;
  }

  private static OffsetRanges ofRuns(long offset, byte[] body) throws MalformedException {
    ByteBuffer in = ByteBuffer.wrap(body);
    long[] edges = new long[body.length];
    int n = 0;
    long at = offset;
    try {
      while (in.hasRemaining()) {
        long run = read(in);
        at += run;
        if (at < 0 || (run == 0 && n > 0)) {
          throw new MalformedException("the length of a run is wrong");
        }
        edges[n++] = at;
      }
    } catch (BufferUnderflowException e) {
      throw new MalformedException("it ends within the length of a run");
    }
    if (n % 2 != 0) {
      throw new MalformedException("its last run does not end");
    }
    return new OffsetRanges(Arrays.copyOf(edges, n));
  }

  private static OffsetRanges ofBits(long offset, byte[] body) throws MalformedException {
    var bits = BitSet.valueOf(body);
    if (offset < 0 || offset > Long.MAX_VALUE - bits.length()) {
      throw new MalformedException("its offsets are too large");
    }
    long[] edges = new long[2 * bits.cardinality()];
    int n = 0;
    for (int from = bits.nextSetBit(0), to; from >= 0; from = bits.nextSetBit(to)) {
      to = bits.nextClearBit(from);
      edges[n++] = offset + from;
      edges[n++] = offset + to;
    }
    return new OffsetRanges(Arrays.copyOf(edges, n));
  }

  private static byte[] inflated(byte[] body) throws MalformedException {
    var inflater = new Inflater(true);
    try {
      inflater.setInput(body);
      var out = new ByteArrayOutputStream();
      byte[] some = new byte[4096];
      while (!inflater.finished()) {
        int length = inflater.inflate(some);
        if (length == 0 || out.size() > MAX_BODY) {
          throw new MalformedException("it cannot be inflated");
        }
        out.write(some, 0, length);
      }
      return out.toByteArray();
    } catch (DataFormatException e) {
      throw new MalformedException("it cannot be inflated: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }
}
