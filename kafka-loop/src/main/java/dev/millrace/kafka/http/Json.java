package dev.millrace.kafka.http;

import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes JSON (RFC 8259) that is safe inside of HTML as well. */
final class Json {

  private Json() {}

  /** Of maps with texts as keys, collections, texts, numbers, booleans and null. */
  static String of(@Nullable Object value) {
    var out = new StringBuilder();
    write(out, value);
    return out.toString();
  }

  private static void write(StringBuilder out, @Nullable Object value) {
    switch (value) {
      case Map<?, ?> map -> {
        char before = '{';
        for (Map.Entry<?, ?> one : map.entrySet()) {
          text(out.append(before), one.getKey().toString());
          write(out.append(':'), one.getValue());
          before = ',';
        }
        out.append(before == '{' ? "{}" : "}");
      }
      case Collection<?> list -> {
        char before = '[';
        for (Object one : list) {
          write(out.append(before), one);
          before = ',';
        }
        out.append(before == '[' ? "[]" : "]");
      }
      case Number number -> out.append(number);
      case Boolean is -> out.append(is);
      case null -> out.append("null");
      default -> text(out, value.toString());
    }
  }

  private static void text(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char one = text.charAt(i);
      if (one < ' ' || one > '~' || "\"\\<>&'".indexOf(one) >= 0) {
        out.append("\\u%04x".formatted((int) one));
      } else {
        out.append(one);
      }
    }
    out.append('"');
  }
}
