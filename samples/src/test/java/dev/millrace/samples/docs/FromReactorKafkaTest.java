package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.reactor.MessageFlux;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.kafka.receiver.ReceiverOptions;

/** What the page about Reactor Kafka shows; what it does is tested with the loop. */
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
  }
}
