package dev.millrace.kafka.http;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * An answer of {@link LoopPages}, for the application's server to send. Immutable and thread-safe.
 */
public final class Answer {

  private final int status;
  private final Map<String, String> headers;
  private final String body;

  Answer(int status, Map<String, String> headers, String body) {
    this.status = status;
    this.headers = Map.copyOf(headers);
    this.body = body;
  }

  /** The status of HTTP, such as 200. */
  public int status() {
    return status;
  }

  /**
   * The headers to send, without {@code Content-Length}. They restrict what a browser may do with
   * the answer.
   */
  public Map<String, String> headers() {
    return headers;
  }

  /** A copy of the body. Empty after a HEAD. */
  public byte[] body() {
    return body.getBytes(StandardCharsets.UTF_8);
  }

  /** The status, and the length of the body. */
  @Override
  public String toString() {
    return "status %d, %d characters".formatted(status, body.length());
  }
}
