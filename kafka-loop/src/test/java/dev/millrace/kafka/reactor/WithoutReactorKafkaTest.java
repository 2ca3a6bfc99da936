package dev.millrace.kafka.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.ClassPath;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** An application with Reactor, and without Reactor Kafka. */
@Timeout(60)
class WithoutReactorKafkaTest {

  /** An application with a flux of messages, which it settles. */
  public static final class Application implements Callable<String> {
    @Override
    public String call() throws Exception {
      var mock = ClassPath.consumerOfOneRecord();
      var handled = new CountDownLatch(1);
      var subscription =
          MessageFlux.<String, String>builder()
              .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"))
              .deserializers(new StringDeserializer(), new StringDeserializer())
              .topics("orders")
              .factory(properties -> mock)
              .flux()
              .flatMap(
                  MessageFlux.settling(record -> Mono.<Void>fromRunnable(handled::countDown)), 4)
              .subscribe();
      handled.await();
      subscription.dispose();
      await().until(mock::closed);
      return "ended";
    }
  }

  @Test
  void fluxRunsWhereThereIsNone() throws Exception {
    try (var path = ClassPath.without("reactor-kafka")) {
      assertThat(path.call(Application.class)).isEqualTo("ended");
    }
  }

  @Test
  void thereIsNone() throws Exception {
    try (var path = ClassPath.without("reactor-kafka")) {
      assertThat(path.has("reactor.kafka.receiver.KafkaReceiver")).isFalse();
      assertThat(path.has("reactor.core.publisher.Flux")).isTrue();
    }
  }
}
