package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.channel.KafkaLoop;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** The code of the page about security. */
class SecurityTest {

  private static Map<String, Object> connection(String secret) {
    // doc:begin
    Map<String, Object> kafka =
        Map.of(
            "bootstrap.servers", "broker:9093",
            "group.id", "shop",
            "security.protocol", "SASL_SSL",
            "sasl.mechanism", "SCRAM-SHA-512",
            "sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required"
                    + " username=\"shop\" password=\""
                    + secret
                    + "\";",
            "ssl.truststore.location", "/etc/shop/truststore.p12");
    // doc:end
    return kafka;
  }

  @Test
  void noStatusContainsASecret() {
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(connection("hunter2"))
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics("orders")
            .handler(record -> {})
            .build();
    assertThat(loop.status().toString()).contains("shop").doesNotContain("hunter2");
  }
}
