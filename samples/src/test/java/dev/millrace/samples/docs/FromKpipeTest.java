package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** The code of the page about KPipe. The tests of the loop check the promises. */
class FromKpipeTest {

  static void consume(
      Map<String, Object> kafka, RecordHandler<String, byte[]> store, Context context)
      throws InterruptedException, ExecutionException {
    // doc:begin
    KafkaLoop<String, byte[]> loop =
        KafkaLoop.<String, byte[]>builder()
            .properties(kafka)
            .deserializers(new StringDeserializer(), new ByteArrayDeserializer())
            .topics("users")
            .ordering(Ordering.KEY) // KPipe: none, or one record at a time
            .concurrency(64)
            .retry(4, Backoff.fixed(Duration.ofSeconds(1))) // attempts, the first one included
            .deadLetterTopic("users.dead")
            .handler(user -> store.handle(user))
            .build();
    loop.run(context); // blocks until the loop ends
    // doc:end
  }

  @Test
  void settingsThatAreMissingAreRefusedBeforeAnythingStarts() {
    assertThatThrownBy(() -> consume(Map.of(), user -> {}, Context.background()))
        .hasMessageContaining("bootstrap.servers");
  }
}
