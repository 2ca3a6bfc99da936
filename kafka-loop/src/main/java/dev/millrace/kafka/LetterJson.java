package dev.millrace.kafka;

import dev.millrace.kafka.internal.text.Brief;
import java.util.Base64;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * A dead letter as one line of JSON. Written by hand: it needs only texts and numbers, and a place
 * of last resort should need no library.
 */
final class LetterJson {

  private static final int MAX_REASON = 1000;

  private final StringBuilder out = new StringBuilder("{");

  private LetterJson() {}

  /** The line, without its end. */
  static String of(DeadLetter letter) {
    ConsumerRecord<byte[], byte[]> record = letter.record();
    var json = new LetterJson();
    json.text("topic", record.topic());
    json.number("partition", record.partition());
    json.number("offset", record.offset());
    json.number("timestamp", record.timestamp());
    json.text("group", letter.group());
    json.text("stage", letter.stage());
    json.number("attempts", letter.attempts());
    json.text("exception", letter.cause().getClass().getName());
    json.text("reason", Brief.message(letter.cause(), MAX_REASON));
    json.bytes("key", record.key());
    json.bytes("value", record.value());
    json.name("headers").append('[');
    String separator = "";
    for (Header header : record.headers()) {
      json.out.append(separator).append('[');
      json.quoted(header.key());
      json.out.append(',');
      json.base64(header.value());
      json.out.append(']');
      separator = ",";
    }
    return json.out.append("]}").toString();
  }

  private StringBuilder name(String name) {
    return out.append(out.length() == 1 ? "\"" : ",\"").append(name).append("\":");
  }

  private void number(String name, long value) {
    name(name).append(value);
  }

  private void text(String name, String value) {
    name(name);
    quoted(value);
  }

  private void bytes(String name, byte @Nullable [] value) {
    name(name);
    base64(value);
  }

  private void base64(byte @Nullable [] value) {
    if (value == null) {
      out.append("null");
    } else {
      out.append('"').append(Base64.getEncoder().encodeToString(value)).append('"');
    }
  }

  private void quoted(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c > '~') {
        out.append("\\u%04x".formatted((int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
