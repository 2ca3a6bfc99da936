package dev.millrace.errors;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Objects;

/**
 * Four characters that stand for an error's message: short enough to be read out on the telephone,
 * and without the contents of the message.
 *
 * <pre>{@code
 * log.error("{}: {}", ErrorCode.of(e), e.toString());
 * return "unknown error " + ErrorCode.of(e) + ", please contact us";
 * }</pre>
 *
 * <p>The code is the low 20 bits of the first four bytes of the message's MD5, to the base 36. The
 * letters O and I are written as the digits 0 and 1, which look like them. {@link #parse} also
 * accepts other spellings. About one in a million pairs of different messages has the same code: a
 * code finds a line in a log, and proves nothing. MD5 hides a message that cannot be guessed. It
 * does not hide a message from a short list.
 *
 * <p>Immutable and thread-safe. Computing a code takes about a microsecond.
 *
 * @param code the four characters, in their canonical form
 */
public record ErrorCode(String code) {

  private static final int LENGTH = 4;
  private static final int BITS = 0xFFFFF;
  private static final int BASE = 36;

  /**
   * Checks the characters.
   *
   * @throws IllegalArgumentException if {@code code} is not in the form of a result of {@link
   *     #parse}
   */
  public ErrorCode {
    if (!code.equals(canonical(code))) {
      throw new IllegalArgumentException(
          "'" + code + "' is not in canonical form: use parse for codes that people write");
    }
  }

  /** The code of the failure's message, or of its class if it has none. */
  public static ErrorCode of(Throwable failure) {
    String message = failure.getMessage();
    return of(message == null ? failure.getClass().getName() : message);
  }

  /** The code of a message. */
  public static ErrorCode of(String message) {
    Objects.requireNonNull(message, "message");
    int hash = ByteBuffer.wrap(md5(message)).getInt() & BITS;
    String digits = Integer.toString(hash, BASE);
    return new ErrorCode(canonical("0".repeat(LENGTH - digits.length()) + digits));
  }

  /**
   * Reads a code as people write it: in lower or upper case, with O for 0, with I or a small L for
   * 1, with blanks around it.
   *
   * @throws IllegalArgumentException if these are not four letters and digits
   */
  public static ErrorCode parse(String text) {
    return new ErrorCode(canonical(text.strip().replace('l', '1')));
  }

  private static String canonical(String text) {
    if (!text.matches("[0-9A-Za-z]{" + LENGTH + "}")) {
      throw new IllegalArgumentException(
          "an error code has four letters and digits, such as 30EV, but this is '" + text + "'");
    }
    return text.toUpperCase(Locale.ROOT).replace('O', '0').replace('I', '1');
  }

  private static byte[] md5(String message) {
    try {
      return MessageDigest.getInstance("MD5").digest(message.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has MD5", e);
    }
  }

  /** The four characters. */
  @Override
  public String toString() {
    return code;
  }
}
