package dev.millrace.testkit.chaos;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Deserializes text. Refuses values that are marked as garbage. */
final class TextDeserializer implements Deserializer<String> {

  @Override
  public @Nullable String deserialize(String topic, byte @Nullable [] bytes) {
    if (bytes == null) {
      return null;
    }
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (text.startsWith(Worker.GARBAGE)) {
      throw new SerializationException("this is garbage");
    }
    return text;
  }
}
