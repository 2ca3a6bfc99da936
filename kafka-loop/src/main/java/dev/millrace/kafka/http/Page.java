package dev.millrace.kafka.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Objects;

/**
 * The live page: one file with one style and one script. The Content Security Policy allows exactly
 * their hashes.
 */
final class Page {

  private static final String NAME = "page.html";

  private Page() {}

  static Response load() {
    try (InputStream in = Objects.requireNonNull(Page.class.getResourceAsStream(NAME), NAME)) {
      String html = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return Response.of(200, "OK", "text/html; charset=utf-8", html)
          .allowing(
              "style-src %s; script-src %s; connect-src 'self'; img-src data:"
                  .formatted(hash(html, "style"), hash(html, "script")));
    } catch (IOException e) {
      throw new UncheckedIOException("the page cannot be read from the class path", e);
    }
  }

  /** The hash of the text between the tags, in the format of the Content Security Policy. */
  private static String hash(String html, String tag) {
    int from = html.indexOf("<" + tag + ">") + tag.length() + 2;
    String text = html.substring(from, html.indexOf("</" + tag + ">", from));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
