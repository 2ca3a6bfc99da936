package dev.millrace.channel.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into lines of bounded length. Used by one thread at a time.
 *
 * <p>The JDK's readers have no bound, and drop the decoded characters in front of a malformed byte.
 */
public final class Lines {

  private static final int BUFFER = 8192;

  private final InputStream in;
  private final Charset charset;
  private final CharsetDecoder decoder;
  private final int maximumLength;
  private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER).flip();
  private final char[] decoded = new char[BUFFER];
  private final CharBuffer chars = CharBuffer.wrap(decoded).flip();
  private StringBuilder line = new StringBuilder();
  private long lineNumber;
  private long bytesRead;
  private boolean skipLineFeed;
  private boolean atEnd;
  private boolean flushed;
  private @Nullable CoderResult malformed;

  /**
   * Reads from there, and does not close it.
   *
   * @param maximumLength of a line, in characters
   */
  public Lines(InputStream in, Charset charset, int maximumLength) {
    this.in = in;
    this.charset = charset;
    this.decoder =
        charset
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    this.maximumLength = maximumLength;
  }

  /** The next line; null at the end. Blocks in a read only if none is there yet. */
  public @Nullable String next() throws IOException {
    if (line.capacity() > BUFFER) { // do not keep the memory of one long line
      line = new StringBuilder();
    }
    line.setLength(0);
    lineNumber++;
    while (chars.hasRemaining() || decode()) {
      if (appendToLineEnd()) {
        return line.toString();
      }
    }
    return line.isEmpty() ? null : line.toString();
  }

  /** Moves the decoded characters to the line; returns whether they contain the line's end. */
  private boolean appendToLineEnd() throws IOException {
    int start = chars.position();
    if (skipLineFeed) { // the second half of an end whose first half has ended the line before
      skipLineFeed = false;
      if (decoded[start] == '\n') {
        start++;
      }
    }
    int end = start;
    while (end < chars.limit() && decoded[end] != '\n' && decoded[end] != '\r') {
      end++;
    }
    if (line.length() + (end - start) > maximumLength) {
      throw new IOException(
          "line %d is longer than %d characters: raise the maximum, if such lines are right"
              .formatted(lineNumber, maximumLength));
    }
    line.append(decoded, start, end - start);
    boolean found = end < chars.limit();
    skipLineFeed = found && decoded[end] == '\r';
    chars.position(found ? end + 1 : end);
    return found;
  }

  /** Decodes at least one character, and reads if need be; false at the end. */
  private boolean decode() throws IOException {
    chars.clear();
    while (chars.position() == 0 && !flushed) {
      if (malformed != null) {
        throw malformed(malformed);
      }
      CoderResult result = decoder.decode(bytes, chars, atEnd);
      if (result.isError()) {
        malformed = result; // reported when the characters before it are used up
      } else if (result.isUnderflow() && atEnd) {
        flushed = decoder.flush(chars).isUnderflow();
      } else if (result.isUnderflow() && chars.position() == 0) {
        read();
      }
    }
    chars.flip();
    return chars.hasRemaining();
  }

  private void read() throws IOException {
    bytes.compact();
    int count = in.read(bytes.array(), bytes.position(), bytes.remaining());
    if (count < 0) {
      atEnd = true;
    } else {
      bytes.position(bytes.position() + count);
      bytesRead += count;
    }
    bytes.flip();
  }

  private IOException malformed(CoderResult result) {
    var message =
        "line %d is not valid %s, at byte %d of the input: name the charset that it is written in"
            .formatted(lineNumber, charset, bytesRead - bytes.remaining());
    try {
      result.throwException();
      throw new AssertionError("not an error: " + result);
    } catch (CharacterCodingException e) {
      return new IOException(message, e);
    }
  }
}
