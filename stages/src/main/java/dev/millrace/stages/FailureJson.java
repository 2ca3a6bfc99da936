package dev.millrace.stages;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.millrace.errors.Causes;
import dev.millrace.errors.Descriptions;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageFunction;
import java.io.IOException;
import java.io.StringWriter;

/** A failure as a JSON object on one line. Apart, so that Jackson is needed here only. */
final class FailureJson implements StageFunction<Failure<?>, String> {

  private final JsonFactory factory = new JsonFactory();

  @Override
  public String apply(Failure<?> failure) throws IOException {
    var text = new StringWriter();
    try (JsonGenerator json = factory.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("stage", failure.stage());
      json.writeStringField("element", text(failure.element()));
      json.writeNumberField("attempt", failure.attempt());
      json.writeStringField("time", failure.time().toString());
      json.writeArrayFieldStart("causes");
      for (Throwable cause : Causes.chain(failure.cause())) {
        json.writeStartObject();
        json.writeStringField("type", cause.getClass().getName());
        json.writeStringField("message", cause.getMessage());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return text.toString();
  }

  /** An element that cannot even be shown must not take the other letters with it. */
  private static String text(Object element) {
    try {
      return String.valueOf(element);
    } catch (Throwable e) { // whatever it is, an overflow of the stack included
      return Descriptions.ofElement(element);
    }
  }
}
