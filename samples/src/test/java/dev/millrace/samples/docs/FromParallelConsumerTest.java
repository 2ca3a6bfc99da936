package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.KafkaLoop;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/** The code that the page about Parallel Consumer shows. The tests of the loop check it. */
class FromParallelConsumerTest {

  static KafkaLoop<String, String> keyed(
      Map<String, Object> kafka, RecordHandler<String, String> store) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka) // bootstrap.servers, group.id, deserializers
            .topics("orders")
            .ordering(Ordering.KEY)
            .concurrency(1000) // handlers in virtual threads
            .handler(order -> store.handle(order))
            .build();
    // doc:end
    return loop;
  }

  static KafkaLoop<String, String> retried(
      Map<String, Object> kafka, RecordHandler<String, String> store) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .ordering(Ordering.KEY)
            .concurrency(1000)
            .retry(6, Backoff.exponential(Duration.ofSeconds(1), Duration.ofMinutes(1)))
            .retryIf(failure -> !(failure instanceof IllegalArgumentException))
            .deadLetterTopic("orders.dead") // the record, its headers, and the reason
            .handler(order -> store.handle(order))
            .build();
    // doc:end
    return loop;
  }

  static KafkaLoop<String, String> producing(
      Map<String, Object> kafka, Producer<String, String> producer, UnaryOperator<String> invoice) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .ordering(Ordering.KEY)
            .concurrency(1000)
            .handler(
                order -> {
                  String text = invoice.apply(order.value());
                  producer.send(new ProducerRecord<>("invoices", order.key(), text)).get();
                }) // settled when the broker has acknowledged the invoice
            .build();
    // doc:end
    return loop;
  }

  static void end(KafkaLoop<String, String> loop) throws InterruptedException {
    // doc:begin
    loop.drain(Duration.ofSeconds(30)); // handlers end, and their records are committed
    // doc:end
  }

  @Test
  void settingsThatAreMissingAreRefusedBeforeAnythingStarts() {
    assertThatThrownBy(() -> keyed(Map.of(), order -> {}))
        .hasMessageContaining("bootstrap.servers");
    assertThatThrownBy(() -> retried(Map.of(), order -> {}))
        .hasMessageContaining("bootstrap.servers");
  }

  /** A loop that has not begun has nothing to wait for. */
  @Test
  void loopThatHasNotBegunEndsAtOnce() throws Exception {
    Map<String, Object> kafka =
        Map.of(
            "bootstrap.servers",
            "127.0.0.1:1",
            "group.id",
            "invoices",
            "key.deserializer",
            "org.apache.kafka.common.serialization.StringDeserializer",
            "value.deserializer",
            "org.apache.kafka.common.serialization.StringDeserializer");
    end(keyed(kafka, order -> {}));
    assertThatThrownBy(() -> producing(Map.of(), null, text -> text))
        .hasMessageContaining("bootstrap.servers");
  }
}
