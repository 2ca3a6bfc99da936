package dev.millrace.kafka.http;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON that is safe inside HTML too. It is our own code, because a library would add a jar
 * for every application that wants a health check.
 */
final class Json {

  private Json() {}

  /** The JSON of maps with text keys, collections, texts, finite numbers, booleans and null. */
  static String of(@Nullable Object value) {
    var out = new StringBuilder();
    write(out, value);
    return out.toString();
  }

  private static void write(StringBuilder out, @Nullable Object value) {
    switch (value) {
      case Map<?, ?> map -> {
        out.append('{');
        for (Iterator<? extends Map.Entry<?, ?>> i = map.entrySet().iterator(); i.hasNext(); ) {
          Map.Entry<?, ?> one = i.next();
          text(out, one.getKey().toString());
          out.append(':');
          write(out, one.getValue());
          out.append(i.hasNext() ? "," : "");
        }
        out.append('}');
      }
      case Collection<?> list -> {
        out.append('[');
        for (Iterator<?> i = list.iterator(); i.hasNext(); ) {
          write(out, i.next());
          out.append(i.hasNext() ? "," : "");
        }
        out.append(']');
      }
      case Number number -> out.append(number);
      case Boolean is -> out.append(is);
      case null -> out.append("null");
      default -> text(out, value.toString());
    }
  }

  /**
   * Escapes the characters that JSON requires, the characters that end a script, a tag or an
   * attribute, and all characters outside ASCII. A lone surrogate then arrives unchanged.
   */
  private static void text(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char one = text.charAt(i);
      switch (one) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '<', '>', '&', '\'' -> escape(out, one);
        default -> {
          if (one >= ' ' && one < 0x7f) {
            out.append(one);
          } else {
            escape(out, one);
          }
        }
      }
    }
    out.append('"');
  }

  private static void escape(StringBuilder out, char one) {
    out.append("\\u%04X".formatted((int) one));
  }
}
