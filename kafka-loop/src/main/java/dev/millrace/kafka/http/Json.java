package dev.millrace.kafka.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes JSON that is safe inside of HTML as well. */
final class Json {

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          .characterEscapes(new HtmlEscapes())
          .build();

  private Json() {}

  /** Of maps with texts as keys, collections, texts, numbers, booleans and null. */
  static String of(@Nullable Object value) {
    var out = new StringWriter();
    try (JsonGenerator to = FACTORY.createGenerator(out)) {
      write(to, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a text can always be written to
    }
    return out.toString();
  }

  private static void write(JsonGenerator to, @Nullable Object value) throws IOException {
    switch (value) {
      case Map<?, ?> map -> {
        to.writeStartObject();
        for (Map.Entry<?, ?> one : map.entrySet()) {
          to.writeFieldName(one.getKey().toString());
          write(to, one.getValue());
        }
        to.writeEndObject();
      }
      case Collection<?> list -> {
        to.writeStartArray();
        for (Object one : list) {
          write(to, one);
        }
        to.writeEndArray();
      }
      case Number number -> to.writeObject(number);
      case Boolean is -> to.writeBoolean(is);
      case null -> to.writeNull();
      default -> to.writeString(value.toString());
    }
  }

  /** What ends a script, a tag or an attribute. */
  private static final class HtmlEscapes extends CharacterEscapes {
    private static final long serialVersionUID = 1L;

    private final int[] escapes = standardAsciiEscapesForJSON();

    HtmlEscapes() {
      for (char one : new char[] {'<', '>', '&', '\''}) {
        escapes[one] = ESCAPE_STANDARD;
      }
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return escapes;
    }

    @Override
    public @Nullable SerializableString getEscapeSequence(int one) {
      return null; // all are escaped in the standard way
    }
  }
}
