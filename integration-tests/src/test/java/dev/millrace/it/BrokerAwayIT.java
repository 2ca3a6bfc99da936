package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.ClusterProblemException;
import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Loop;
import dev.millrace.testkit.LocalBroker;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A broker that goes away while a loop has nothing to do. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BrokerAwayIT {

  private static final Duration LONG = Duration.ofSeconds(60);

  private final WatchedLoops loops = new WatchedLoops();

  @ParameterizedTest
  @EnumSource(
      value = Face.class,
      names = {"CHANNEL", "REACTOR"})
  void brokerThatGoesAwayIsToldThoughNothingIsUncommitted(Face face) throws Exception {
    try (var broker = LocalBroker.start()) {
      broker.createTopic(loops.topic, 1);
      var loop = loop(face, "classic", broker);
      var running = loops.start(loop);
      try {
        await().atMost(LONG).until(() -> loop.health().state() == State.RUNNING);
        broker.kill();
        await().atMost(LONG).until(() -> loop.health().state() == State.STUCK);
        await()
            .atMost(LONG)
            .until(() -> loops.errors.stream().anyMatch(ClusterProblemException.class::isInstance));
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
      broker.createTopic(loops.topic, 1);
      var loop = loop(face, "consumer", broker);
      var running = loops.start(loop);
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

  private Loop loop(Face face, String protocol, LocalBroker broker) {
    return loops
        .builder(face, protocol, Map.of("bootstrap.servers", broker.bootstrapServers()))
        .stuckAfter(Duration.ofSeconds(2))
        .with(settings -> settings.closeTimeout(Duration.ofSeconds(2)))
        .build();
  }
}
