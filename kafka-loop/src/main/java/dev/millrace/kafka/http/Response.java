package dev.millrace.kafka.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer, after which the connection is closed. Immutable.
 *
 * @param headers those of this answer; all have the ones that make browsers careful
 */
record Response(int status, String reason, Map<String, String> headers, String body) {

  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";

  /** Nothing may be loaded, run, framed or sent; the page says what it needs. */
  private static final String NOTHING =
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  static Response of(int status, String reason, String type, String body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", type);
    headers.put("Content-Security-Policy", NOTHING);
    return new Response(status, reason, headers, body);
  }

  static Response json(String body) {
    return of(200, "OK", JSON, body);
  }

  static Response unavailable(String body) {
    return of(503, "Service Unavailable", JSON, body);
  }

  /** Says no more than its status: nothing of the request comes back. */
  static Response bare(int status, String reason) {
    return of(status, reason, TEXT, status + " " + reason + "\n");
  }

  Response with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Response(status, reason, more, body);
  }

  /** Adds to the policy what may be done nevertheless. */
  Response allowing(String directives) {
    return with("Content-Security-Policy", NOTHING + "; " + directives);
  }

  void writeTo(OutputStream out, boolean withBody) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    var head = new StringBuilder("HTTP/1.1 ").append(status).append(' ').append(reason);
    headers.forEach((name, value) -> head.append("\r\n").append(name).append(": ").append(value));
    head.append("\r\nContent-Length: ")
        .append(bytes.length)
        .append("\r\nConnection: close")
        .append("\r\nCache-Control: no-store")
        .append("\r\nX-Content-Type-Options: nosniff")
        .append("\r\nX-Frame-Options: DENY")
        .append("\r\nReferrer-Policy: no-referrer")
        .append("\r\nCross-Origin-Resource-Policy: same-origin")
        .append("\r\n\r\n");
    out.write(head.toString().getBytes(StandardCharsets.US_ASCII));
    if (withBody) {
      out.write(bytes);
    }
    out.flush();
  }
}
