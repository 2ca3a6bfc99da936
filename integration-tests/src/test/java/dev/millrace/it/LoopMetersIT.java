package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.micrometer.LoopMeters;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The meters that only a real consumer can fill: the ends of the logs. */
class LoopMetersIT extends WithBroker {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private double lag() {
    return registry.find("millrace.kafka.lag").tag("topic", topic).gauges().stream()
        .mapToDouble(Gauge::value)
        .sum();
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void lagIsWhatIsNotSettled(String protocol) throws Exception {
    produce(0, 600);
    var gate = new CountDownLatch(1);
    var running =
        start(
            builder(Map.of("group.protocol", protocol, "max.poll.records", 10))
                .buffer(10)
                .observer(new LoopMeters(registry))
                .handler(
                    record -> {
                      gate.await();
                      count(record.value());
                    })
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> lag() == 600);
    gate.countDown();
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 600);
    await().until(() -> lag() == 0);
    assertThat(registry.get("millrace.kafka.handled").counter().count()).isEqualTo(600);
    assertThat(registry.get("millrace.kafka.settle.latency").timer().count()).isEqualTo(600);
    running.drain();
    assertThat(registry.find("millrace.kafka.lag").gauges()).isEmpty();
  }
}
