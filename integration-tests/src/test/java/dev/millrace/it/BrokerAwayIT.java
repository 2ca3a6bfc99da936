package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.ClusterProblemException;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Loop;
import dev.millrace.testkit.LocalBroker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A broker that goes away while a loop has nothing to do. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BrokerAwayIT {

  private static final Duration LONG = Duration.ofSeconds(60);

  private final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());

  @ParameterizedTest
  @EnumSource(
      value = Face.class,
      names = {"CHANNEL", "REACTOR"})
  void brokerThatGoesAwayIsToldThoughNothingIsUncommitted(Face face) throws Exception {
    try (var broker = LocalBroker.start()) {
      broker.createTopic("orders", 1);
      var loop = loop(face, broker, Map.of());
      var running = start(loop);
      try {
        await().atMost(LONG).until(() -> loop.health().state() == State.RUNNING);
        broker.kill();
        await().atMost(LONG).until(() -> loop.health().state() == State.STUCK);
        await()
            .atMost(LONG)
            .until(() -> errors.stream().anyMatch(ClusterProblemException.class::isInstance));
        assertThat(loop.health().reason()).contains("no broker");
        broker.restart();
        await()
            .atMost(LONG)
            .untilAsserted(() -> assertThat(loop.health()).matches(Health::isReady, "is ready"));
      } finally {
        loop.drain(Duration.ofSeconds(5));
      }
      assertThat(running.get()).isEqualTo("ended");
    }
  }

  /** With KIP-848, Kafka's own close waits up to ten seconds here, whatever its timeout is. */
  @ParameterizedTest
  @EnumSource(
      value = Face.class,
      names = {"CHANNEL", "REACTOR"})
  void brokerThatHangsDoesNotHoldUpTheEnd(Face face) throws Exception {
    try (var broker = LocalBroker.start()) {
      broker.createTopic("orders", 1);
      var loop = loop(face, broker, Map.of("group.protocol", "consumer", "client.id", "hung"));
      var running = start(loop);
      await().atMost(LONG).until(() -> loop.health().state() == State.RUNNING);
      broker.suspend();
      try {
        loop.drain(Duration.ofSeconds(5));
        assertThat(running.get()).isEqualTo("ended");
        await() // without a limit to the close, it took eight seconds more
            .atMost(Duration.ofSeconds(4))
            .until(
                () ->
                    Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(BrokerAwayIT::isOfKafka));
      } finally {
        broker.resume();
      }
    }
  }

  private static boolean isOfKafka(Thread thread) {
    return thread.getName().startsWith("consumer_background_thread")
        || thread.getName().startsWith("millrace-poll");
  }

  private Loop loop(Face face, LocalBroker broker, Map<String, ?> more) {
    Map<String, Object> properties =
        new HashMap<>(
            Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "group.id",
                "shop",
                "key.deserializer",
                StringDeserializer.class,
                "value.deserializer",
                StringDeserializer.class));
    properties.putAll(more);
    return face.builder()
        .properties(properties)
        .topics("orders")
        .stuckAfter(Duration.ofSeconds(2))
        .onError(errors::add)
        .with(settings -> settings.closeTimeout(Duration.ofSeconds(2)))
        .handler(record -> {})
        .build();
  }

  private static FutureTask<String> start(Loop loop) {
    var running =
        new FutureTask<>(
            () -> {
              loop.run(Context.background());
              return "ended";
            });
    Thread.ofVirtual().start(running);
    return running;
  }
}
