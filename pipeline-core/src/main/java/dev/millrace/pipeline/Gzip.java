package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/** Compresses and decompresses chunks of bytes (RFC 1952). */
final class Gzip {

  private Gzip() {}

  /** Not thread-safe. */
  static final class Compressing implements Transform<byte[], byte[]> {
    private final ByteArrayOutputStream made = new ByteArrayOutputStream();
    private final GZIPOutputStream gzip;

    /**
     * The number of chunks: any of them may have bytes in the deflater, or in an unfinished block.
     */
    private int held;

    Compressing() {
      try {
        gzip = new GZIPOutputStream(made, 8 * 1024);
      } catch (IOException e) {
        throw new AssertionError("memory does not fail", e);
      }
    }

    @Override
    public Outcome accept(byte[] chunk, Emitter<? super byte[]> out) throws IOException {
      gzip.write(chunk);
      held++;
      emit(out);
      return Outcome.USED;
    }

    private void emit(Emitter<? super byte[]> out) {
      if (made.size() > 0) {
        byte[] bytes = made.toByteArray();
        made.reset();
        out.emit(bytes);
      }
    }

    @Override
    public void end(Emitter<? super byte[]> out) throws IOException {
      gzip.close();
      emit(out);
      held = 0;
    }

    @Override
    public int holds() {
      return held;
    }

    @Override
    public void close() throws IOException {
      gzip.close(); // frees the memory of the deflater
    }
  }

  /**
   * Reads a header byte by byte, inflates the body, and checks the trailer. Then the next member
   * may begin. Not thread-safe.
   */
  static final class Expanding implements Transform<byte[], byte[]> {
    private static final int SIZE = 16 * 1024;
    private static final int EXTRA = 4;
    private static final int NAME = 8;
    private static final int COMMENT = 16;
    private static final int CHECKSUM = 2;

    /** The part of a member that comes next. */
    private enum Part {
      HEADER,
      EXTRA_LENGTH,
      EXTRA,
      NAME,
      COMMENT,
      CHECKSUM,
      BODY,
      TRAILER
    }

    private final Inflater inflater = new Inflater(true);
    private final CRC32 crc = new CRC32();
    private final byte[] buffer = new byte[SIZE];

    /** The first bytes of the current part, as far as they are needed. */
    private final byte[] read = new byte[10];

    private Part part = Part.HEADER;
    private int count;
    private int flags;
    private int extra;
    private boolean isBroken;

    /** The number of the last chunks that may still have bits in the inflater. */
    private int held;

    private boolean hasEmitted;

    @Override
    public Outcome accept(byte[] chunk, Emitter<? super byte[]> out) throws IOException {
      if (isBroken) {
        throw new ZipException("the gzip data before this chunk are not valid");
      }
      isBroken = true;
      int at = 0;
      while (at < chunk.length) {
        if (part == Part.BODY) {
          at = inflate(chunk, at, out);
        } else {
          take(chunk[at++]);
        }
      }
      isBroken = false;
      held = hasEmitted ? 1 : held + 1;
      hasEmitted = false;
      return Outcome.USED;
    }

    @Override
    public int holds() {
      return held;
    }

    private int inflate(byte[] chunk, int from, Emitter<? super byte[]> out) throws ZipException {
      inflater.setInput(chunk, from, chunk.length - from);
      try {
        for (int length; (length = inflater.inflate(buffer)) > 0; ) {
          crc.update(buffer, 0, length);
          hasEmitted = true;
          out.emit(Arrays.copyOf(buffer, length));
        }
      } catch (DataFormatException e) {
        throw new ZipException("the gzip data are not valid: " + e.getMessage());
      }
      int next = chunk.length - inflater.getRemaining();
      if (inflater.finished()) {
        next(Part.TRAILER);
      } else if (inflater.needsDictionary()) {
        throw new ZipException("the gzip data need a dictionary");
      }
      return next;
    }

    private void next(Part next) {
      part = next;
      count = 0;
    }

    /** Takes a byte of the header or trailer. */
    private void take(byte next) throws ZipException {
      if (count < read.length) {
        read[count] = next;
      }
      count++;
      switch (part) {
        case HEADER -> header();
        case EXTRA_LENGTH -> {
          if (count == 2) {
            extra = number(0, 2);
            skipTo(extra == 0 ? Part.NAME : Part.EXTRA);
          }
        }
        case EXTRA -> {
          if (count == extra) {
            skipTo(Part.NAME);
          }
        }
        case NAME -> {
          if (next == 0) {
            skipTo(Part.COMMENT);
          }
        }
        case COMMENT -> {
          if (next == 0) {
            skipTo(Part.CHECKSUM);
          }
        }
        case CHECKSUM -> {
          if (count == 2) {
            skipTo(Part.BODY);
          }
        }
        case TRAILER -> trailer();
        case BODY -> throw new AssertionError("the body is inflated");
      }
    }

    private int number(int from, int bytes) {
      int number = 0;
      for (int i = bytes - 1; i >= 0; i--) {
        number = (number << 8) | (read[from + i] & 0xff);
      }
      return number;
    }

    private void header() throws ZipException {
      boolean isGzip =
          (count < 1 || read[0] == 0x1f)
              && (count < 2 || read[1] == (byte) 0x8b)
              && (count < 3 || read[2] == 8);
      if (!isGzip) {
        throw new ZipException("the data are not in gzip format: the header is wrong");
      }
      if (count == 10) {
        flags = read[3];
        skipTo((flags & EXTRA) == 0 ? Part.NAME : Part.EXTRA_LENGTH);
      }
    }

    /** Goes on with this part, or with the first part behind it that the header announces. */
    private void skipTo(Part wanted) {
      Part to = wanted;
      if (to == Part.NAME && (flags & NAME) == 0) {
        to = Part.COMMENT;
      }
      if (to == Part.COMMENT && (flags & COMMENT) == 0) {
        to = Part.CHECKSUM;
      }
      if (to == Part.CHECKSUM && (flags & CHECKSUM) == 0) {
        to = Part.BODY;
      }
      next(to);
    }

    private void trailer() throws ZipException {
      if (count < 8) {
        return;
      }
      if (number(0, 4) != (int) crc.getValue()
          || number(4, 4) != (int) inflater.getBytesWritten()) {
        throw new ZipException("the gzip data are damaged: checksum or length are wrong");
      }
      crc.reset();
      inflater.reset();
      next(Part.HEADER);
    }

    @Override
    public void end(Emitter<? super byte[]> out) throws EOFException {
      if (part != Part.HEADER || count > 0) {
        throw new EOFException("the gzip data end before their end: the input was cut");
      }
      held = 0;
    }

    @Override
    public void close() {
      inflater.end();
    }
  }
}
