package dev.millrace.kafka.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.ClassPath;
import dev.millrace.kafka.channel.KafkaLoop;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An application without Jackson, or only with another generation of it, for example with Spring
 * Boot 4.
 */
@Timeout(60)
class WithoutJacksonTest {

  /** Loaded anew, with all classes that it uses, by a class loader without Jackson. */
  public static final class Application implements Callable<String> {
    @Override
    public String call() throws Exception {
      var loop =
          KafkaLoop.<String, String>builder()
              .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"))
              .deserializers(new StringDeserializer(), new StringDeserializer())
              .topics("orders")
              .handler(record -> {})
              .build();
      try (var endpoint = LoopEndpoint.builder().loop(loop::status).start()) {
        return get(endpoint, "health") + get(endpoint, "status");
      }
    }

    private static String get(LoopEndpoint endpoint, String path) throws Exception {
      var connection =
          (HttpURLConnection) endpoint.uri().resolve("/" + path).toURL().openConnection();
      try (var in = connection.getInputStream()) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
    }
  }

  @Test
  void endpointAnswersWhereThereIsNone() throws Exception {
    try (var path = ClassPath.without("jackson")) {
      assertThat(path.has("com.fasterxml.jackson.core.JsonFactory")).isFalse();
      assertThat(path.call(Application.class))
          .contains("\"alive\":true")
          .contains("\"topics\":[\"orders\"]");
    }
  }
}
