package dev.millrace.kafka.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer. The connection is closed after it. Immutable.
 *
 * @param headers the headers of this answer; the headers that restrict the browser are added to all
 *     answers
 */
record Response(int status, String reason, Map<String, String> headers, String body) {

  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";

  /** The policy that allows nothing: no load, script, frame or form. The page adds its needs. */
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

  /** An answer with its status only: it repeats no part of the request. */
  static Response bare(int status, String reason) {
    return of(status, reason, TEXT, status + " " + reason + "\n");
  }

  Response with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Response(status, reason, more, body);
  }

  /** The answer to a method other than GET and HEAD. */
  static Response otherMethod() {
    return bare(405, "Method Not Allowed").with("Allow", "GET, HEAD");
  }

  Answer toAnswer(boolean withBody) {
    return new Answer(status, allHeaders(), withBody ? body : "");
  }

  /** The headers of this answer, and the headers that restrict the browser. */
  private Map<String, String> allHeaders() {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("Cache-Control", "no-store");
    all.put("X-Content-Type-Options", "nosniff");
    all.put("X-Frame-Options", "DENY");
    all.put("Referrer-Policy", "no-referrer");
    all.put("Cross-Origin-Resource-Policy", "same-origin");
    return all;
  }

  /** Adds permissions to the policy. */
  Response allowing(String directives) {
    return with("Content-Security-Policy", NOTHING + "; " + directives);
  }

  void writeTo(OutputStream out, boolean withBody) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    var head = new StringBuilder("HTTP/1.1 ").append(status).append(' ').append(reason);
    allHeaders()
        .forEach((name, value) -> head.append("\r\n").append(name).append(": ").append(value));
    head.append("\r\nContent-Length: ")
        .append(bytes.length)
        .append("\r\nConnection: close")
        .append("\r\n\r\n");
    out.write(head.toString().getBytes(StandardCharsets.US_ASCII));
    if (withBody) {
      out.write(bytes);
    }
    out.flush();
  }
}
