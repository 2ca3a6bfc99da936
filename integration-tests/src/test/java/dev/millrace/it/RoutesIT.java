package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.Loop;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.builder.Route;
import dev.millrace.kafka.builder.Routes;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.reactor.ReactiveRoutes;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** One loop with topics of different types, over a real broker. */
class RoutesIT extends WithBroker {

  private static final Duration SOON = Duration.ofSeconds(60);

  private final AtomicLong sum = new AtomicLong();

  private LoopBuilder<?, ?, ?> routed(boolean isReactive) {
    LoopBuilder<?, ?, ?> builder =
        isReactive
            ? ReactorKafkaLoop.builder()
                .reactiveRoutes(
                    ReactiveRoutes.of(
                        ReactiveRoutes.route(
                            topic,
                            StringDeserializer::new,
                            StringDeserializer::new,
                            record -> Mono.fromRunnable(() -> count(record.value()))),
                        ReactiveRoutes.matching(
                            Pattern.compile(Pattern.quote(topic) + "\\.n.*"),
                            StringDeserializer::new,
                            LongDeserializer::new,
                            record -> Mono.fromRunnable(() -> sum.addAndGet(record.value())))))
            : KafkaLoop.builder()
                .routes(
                    Routes.of(
                        Route.of(
                            topic,
                            StringDeserializer::new,
                            StringDeserializer::new,
                            record -> count(record.value())),
                        Route.matching(
                            Pattern.compile(Pattern.quote(topic) + "\\.n.*"),
                            StringDeserializer::new,
                            LongDeserializer::new,
                            record -> sum.addAndGet(record.value()))));
    builder.properties(
        Map.of(
            "bootstrap.servers",
            bootstrapServers(),
            "group.id",
            group,
            "metadata.max.age.ms",
            1_000));
    builder.concurrency(8);
    return builder;
  }

  private void produceNumbers(String name) throws Exception {
    createTopic(name, 2);
    List<ProducerRecord<byte[], byte[]>> numbers = new ArrayList<>();
    for (long i = 1; i <= 100; i++) {
      numbers.add(new ProducerRecord<>(name, ByteBuffer.allocate(8).putLong(i).array()));
    }
    produce(numbers);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void eachTopicGoesToItsHandlerAlsoATopicThatAppears(boolean isReactive) throws Exception {
    produceNumbers(topic + ".n1");
    produce(0, 200);
    var running = start(routed(isReactive).build());
    await().atMost(SOON).until(() -> handled.size() == 200 && sum.get() == 5050);
    produceNumbers(topic + ".n2");
    await().atMost(SOON).until(() -> sum.get() == 2 * 5050);
    running.drain();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTopicWithoutARouteStopsTheLoopWhenItAppears(boolean isReactive) throws Exception {
    LoopBuilder<?, ?, ?> builder = routed(isReactive);
    builder.topics(Pattern.compile(Pattern.quote(topic) + ".*"));
    Loop loop = builder.build();
    var running = start(loop);
    await().atMost(SOON).until(() -> loop.partitions().size() == PARTITIONS);
    createTopic(topic + ".other", 1);
    assertThatThrownBy(() -> running.task().get(60, TimeUnit.SECONDS))
        .hasStackTraceContaining("no route matches the topic '%s.other'".formatted(topic));
    assertThat(loop.health().isAlive()).isFalse();
  }
}
