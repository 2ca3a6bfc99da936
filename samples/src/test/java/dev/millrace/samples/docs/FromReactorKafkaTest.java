package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.reactor.MessageFlux;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.kafka.receiver.ReceiverOptions;

/** The code that the page about Reactor Kafka shows. The tests of the loop check its behaviour. */
class FromReactorKafkaTest {

  static Disposable keepTheReceiver(
      ReceiverOptions<String, String> options, Function<String, Mono<Void>> store) {
    // doc:begin
    ReactorKafkaLoop<String, String> loop =
        ReactorKafkaLoop.<String, String>builder()
            .receiverOptions(options)
            .ordering(Ordering.KEY)
            .concurrency(256)
            .handler(record -> store.apply(record.value()))
            .build();
    Disposable running = loop.run().subscribe();
    // doc:end
    assertThat(loop.health().state()).isNotEqualTo(State.STUCK);
    return running;
  }

  static ReactorKafkaLoop<String, String> batches(
      ReceiverOptions<String, String> options, Store store) {
    // doc:begin
    ReactorKafkaLoop<String, String> inserts =
        ReactorKafkaLoop.<String, String>builder()
            .receiverOptions(options)
            .batchHandler(500, Duration.ofMillis(20), records -> store.insert(records))
            .build();
    // doc:end
    return inserts;
  }

  static ReactorKafkaLoop<String, String> exactlyOnce(
      ReceiverOptions<String, String> options, Function<String, Mono<String>> prices) {
    // doc:begin
    ReactorKafkaLoop<String, String> invoices =
        ReactorKafkaLoop.<String, String>builder()
            .receiverOptions(options)
            .transactionalHandler(
                new StringSerializer(),
                new StringSerializer(),
                order ->
                    prices
                        .apply(order.value())
                        .map(price -> new ProducerRecord<>("invoices", order.key(), price)))
            .commitInterval(Duration.ofMillis(100)) // a transaction; readers wait for it
            .build();
    // doc:end
    return invoices;
  }

  /** A database that takes many rows at once. */
  @FunctionalInterface
  interface Store {
    Mono<Void> insert(List<ConsumerRecord<String, String>> records);
  }

  static Disposable leaveIt(Map<String, Object> kafka, Function<String, Mono<Void>> store) {
    // doc:begin
    Disposable running =
        MessageFlux.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .flux()
            .flatMap(MessageFlux.settling(record -> store.apply(record.value())), 64)
            .subscribe();
    // doc:end
    return running;
  }

  @Test
  void settingsThatAreMissingAreRefusedBeforeAnythingStarts() {
    assertThatThrownBy(() -> leaveIt(Map.of(), value -> Mono.empty()))
        .hasMessageContaining("bootstrap.servers");
    ReceiverOptions<String, String> options =
        ReceiverOptions.<String, String>create().subscription(List.of("orders"));
    assertThatThrownBy(() -> keepTheReceiver(options, value -> Mono.empty()))
        .hasMessageContaining("bootstrap.servers");
    assertThatThrownBy(() -> batches(options, records -> Mono.empty()))
        .hasMessageContaining("bootstrap.servers");
    assertThatThrownBy(() -> exactlyOnce(options, value -> Mono.empty()))
        .hasMessageContaining("bootstrap.servers");
  }
}
