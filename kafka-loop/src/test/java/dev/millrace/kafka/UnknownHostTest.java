package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.ChannelConsumer;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.kafka.reactor.MessageFlux;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Sink;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Brokers whose host nobody knows, with Kafka's own clients. */
@Timeout(60)
class UnknownHostTest {

  private static final String NOWHERE = "no-such-host.invalid:9092";

  private static final Map<String, Object> PROPERTIES =
      Map.of(
          "bootstrap.servers",
          NOWHERE,
          "group.id",
          "test",
          "key.deserializer",
          StringDeserializer.class,
          "value.deserializer",
          StringDeserializer.class);

  @ParameterizedTest
  @EnumSource(BuilderFace.class)
  void loopEndsAtOnceAndNamesTheHost(BuilderFace face) {
    LoopBuilder<String, String, ?> builder = face.builder();
    face.handler(builder);
    builder.properties(PROPERTIES);
    Loop loop = builder.build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasMessageContaining("bootstrap.servers=" + NOWHERE);
    assertThat(loop.health().state()).isEqualTo(Health.State.STOPPED);
    assertThat(loop.health().reason()).contains(NOWHERE);
  }

  @Test
  void consumerIsNotOpenedAndNamesTheHost() {
    var builder = ChannelConsumer.<String, String>builder().properties(PROPERTIES).topics("orders");
    assertThatThrownBy(builder::open).hasMessageContaining("bootstrap.servers=" + NOWHERE);
  }

  @Test
  void runOfASourceFailsAndNamesTheHost() {
    var source = KafkaSource.<String, String>builder().properties(PROPERTIES).topics("orders");
    var run =
        source
            .build()
            .pipe("orders")
            .to(Sink.count())
            .start(Engine.channels(), Context.background());
    assertThatThrownBy(run::join)
        .isInstanceOf(ExecutionException.class)
        .hasStackTraceContaining("bootstrap.servers=" + NOWHERE);
  }

  @Test
  void fluxFailsAndNamesTheHost() {
    var flux = MessageFlux.<String, String>builder().properties(PROPERTIES).topics("orders").flux();
    assertThatThrownBy(() -> flux.blockLast(Duration.ofSeconds(30)))
        .hasMessageContaining("bootstrap.servers=" + NOWHERE);
  }

  /** Kafka's client goes on with the hosts that are known; which one is missing is told. */
  @ParameterizedTest
  @EnumSource(BuilderFace.class)
  void oneKnownHostOfTwoIsEnoughToStartAndTheOtherOneIsNamed(BuilderFace face) throws Exception {
    LoopBuilder<String, String, ?> builder = face.builder();
    face.handler(builder);
    builder.properties(Map.of("bootstrap.servers", NOWHERE + ",localhost:1", "group.id", "test"));
    builder.stuckAfter(Duration.ofSeconds(1));
    List<Exception> errors = new CopyOnWriteArrayList<>();
    builder.onError(errors::add);
    Loop loop = builder.build();
    var running =
        new FutureTask<>(
            () -> {
              loop.run(Context.background());
              return "ended";
            });
    Thread.ofVirtual().start(running);
    await()
        .atMost(Duration.ofSeconds(40))
        .until(
            () ->
                errors.stream()
                    .anyMatch(
                        e ->
                            e instanceof ClusterProblemException
                                && e.toString().contains(NOWHERE + " (the host is unknown)")
                                && e.toString().contains("localhost:1 (")));
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }
}
