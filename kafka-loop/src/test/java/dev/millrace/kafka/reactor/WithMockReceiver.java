package dev.millrace.kafka.reactor;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.WithMockConsumer;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.MockConsumer;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The loop on Reactor over Kafka's own mock of a consumer. BlockHound watches. */
abstract class WithMockReceiver extends WithMockConsumer {

  ReactorKafkaLoop.Builder<String, String> reactive() {
    return reactive(mock, errors);
  }

  /** The same for a test that cannot extend this class. */
  static ReactorKafkaLoop.Builder<String, String> reactive(
      MockConsumer<byte[], byte[]> mock, List<Exception> errors) {
    return ReactorKafkaLoop.<String, String>builder()
        .properties(properties())
        .topics("orders")
        .concurrency(4)
        .ordering(Ordering.UNORDERED)
        .onError(errors::add)
        .commitInterval(Duration.ofMillis(10))
        .revokeTimeout(Duration.ofSeconds(5))
        .factory(properties -> mock);
  }

  /** Starts a loop; the caller verifies its end. */
  static StepVerifier start(ReactorKafkaLoop<String, String> loop) {
    return StepVerifier.create(loop.run()).expectComplete().verifyLater();
  }

  static void drain(ReactorKafkaLoop<String, String> loop) {
    Mono<Void> drained = loop.drained(Duration.ofSeconds(5));
    StepVerifier.create(drained).expectComplete().verify(Duration.ofSeconds(10));
  }
}
