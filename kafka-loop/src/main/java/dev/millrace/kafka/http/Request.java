package dev.millrace.kafka.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The head of a request (RFC 9112). Accepted is only a GET or HEAD of a path, for one host, without
 * a body. All other requests are refused.
 *
 * @param path the path, without the query
 * @param host the value of the only Host header
 */
record Request(Method method, String path, String host) {

  /** The accepted methods. */
  enum Method {
    GET,
    HEAD
  }

  /** In bytes. Not smaller, because browsers send the cookies of all ports of localhost. */
  private static final int MAX_HEAD = 32 << 10;

  private static final int MAX_LINE = 2 << 10;
  private static final int MAX_HEADERS = 100;

  private static final Pattern LINE = Pattern.compile("([A-Za-z]{1,20}) (\\S+) HTTP/1\\.[01]");
  private static final Pattern PATH = Pattern.compile("(/[!-~&&[^?#]]*)(\\?[!-~&&[^#]]*)?");
  private static final Pattern HEADER = Pattern.compile("([-!#$%&'*+.^_`|~0-9A-Za-z]+):(.*)");
  private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x08\\x0a-\\x1f\\x7f]");

  static Request read(InputStream in) throws IOException, RefusedException {
    String head = head(in);
    if (CONTROL.matcher(head.replace("\r\n", "")).find()) {
      throw bad();
    }
    List<String> lines = Arrays.asList(head.split("\r\n", -1));
    Matcher line = LINE.matcher(lines.getFirst());
    if (!line.matches()) {
      throw bad();
    }
    String host = host(lines.subList(1, lines.size()));
    Method method =
        switch (line.group(1)) {
          case "GET" -> Method.GET;
          case "HEAD" -> Method.HEAD;
          default -> throw new RefusedException(Response.otherMethod());
        };
    Matcher path = PATH.matcher(line.group(2));
    if (!path.matches()) {
      throw bad();
    }
    return new Request(method, path.group(1), host);
  }

  /** Reads the request up to the empty line. */
  private static String head(InputStream in) throws IOException, RefusedException {
    byte[] bytes = new byte[MAX_HEAD];
    int length = 0;
    while (true) {
      int more = in.read(bytes, length, bytes.length - length);
      if (more < 0 && length == 0) {
        throw new EOFException("the client sent no request");
      }
      if (more < 0) {
        throw bad();
      }
      int from = Math.max(0, length - 3);
      length += more;
      String known = new String(bytes, from, length - from, StandardCharsets.ISO_8859_1);
      int end = known.indexOf("\r\n\r\n");
      if (end >= 0) {
        return checked(new String(bytes, 0, from + end, StandardCharsets.ISO_8859_1));
      }
      if (length > MAX_LINE) {
        checked(new String(bytes, 0, length, StandardCharsets.ISO_8859_1));
      }
      if (length == bytes.length) {
        throw new RefusedException(Response.bare(431, "Request Header Fields Too Large"));
      }
    }
  }

  private static String checked(String head) throws RefusedException {
    int line = head.indexOf("\r\n");
    if ((line < 0 ? head.length() : line) > MAX_LINE) {
      throw new RefusedException(Response.bare(414, "URI Too Long"));
    }
    return head;
  }

  private static String host(List<String> headers) throws RefusedException {
    if (headers.size() > MAX_HEADERS) {
      throw new RefusedException(Response.bare(431, "Request Header Fields Too Large"));
    }
    String host = "";
    for (String one : headers) {
      Matcher header = HEADER.matcher(one);
      if (!header.matches()) {
        throw bad();
      }
      String value = header.group(2).strip();
      switch (header.group(1).toLowerCase(Locale.ROOT)) {
        case "host" -> {
          if (!host.isEmpty() || value.isEmpty()) {
            throw bad();
          }
          host = value;
        }
        case "content-length" -> {
          if (!value.equals("0")) {
            throw tooLarge();
          }
        }
        case "transfer-encoding" -> throw tooLarge();
        default -> {}
      }
    }
    if (host.isEmpty()) {
      throw bad();
    }
    return host;
  }

  private static RefusedException bad() {
    return new RefusedException(Response.bare(400, "Bad Request"));
  }

  private static RefusedException tooLarge() {
    return new RefusedException(Response.bare(413, "Content Too Large"));
  }
}
