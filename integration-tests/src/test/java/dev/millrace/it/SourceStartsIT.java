package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaSource;
import dev.millrace.kafka.reactor.MessageFlux;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Sink;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** The starts of partitions without a loop, and the reasons why records cannot be read. */
class SourceStartsIT extends WithBroker {

  private static final Duration SOON = Duration.ofSeconds(30);

  private Map<String, Object> latest() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("bootstrap.servers", bootstrapServers());
    properties.put("group.id", group);
    properties.put("auto.offset.reset", "latest");
    properties.put("key.deserializer", StringDeserializer.class);
    properties.put("value.deserializer", StringDeserializer.class);
    return properties;
  }

  private void awaitStarts() {
    await().atMost(SOON).until(() -> commits().size() == PARTITIONS);
  }

  @Test
  void startOfAFluxIsCommittedThoughNothingIsRequested() throws Exception {
    produceTo(0, null, 0, 10);
    var flux = MessageFlux.<String, String>builder().properties(latest()).topics(topic).flux();
    var first = flux.subscribe();
    awaitStarts();
    first.dispose();
    produceTo(0, null, 10, 15);
    var second =
        flux.flatMap(MessageFlux.settling(record -> Mono.fromRunnable(() -> count(record.value()))))
            .subscribe();
    await().atMost(SOON).until(() -> committed(0) == 15);
    second.dispose();
    assertThat(handled).hasSize(5);
    awaitNoThread();
  }

  @Test
  void startOfASourceIsCommittedThoughNothingHasArrived() throws Exception {
    produceTo(0, null, 0, 10);
    var source = KafkaSource.<String, String>builder().properties(latest()).topics(topic).build();
    var job = source.pipe("orders").to(Sink.forEach(record -> count(record.value())));
    try (var run = job.start(Engine.channels(), Context.background())) {
      awaitStarts();
    }
    produceTo(0, null, 10, 15);
    try (var run = job.start(Engine.channels(), Context.background())) {
      await().atMost(SOON).until(() -> committed(0) == 15);
    }
    assertThat(handled).hasSize(5);
    awaitNoThread();
  }

  private static void awaitNoThread() {
    await()
        .atMost(SOON)
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("millrace-poll")));
  }

  @Test
  void recordsBehindATransactionThatIsOpenAreTold() throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of(
                "bootstrap.servers", bootstrapServers(), "transactional.id", topic),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(topic, 0, null, bytes("value-open"))).get();
      produceTo(0, null, 0, 100);
      var running = start(builder(Map.of("isolation.level", "read_committed")).build());
      await()
          .atMost(SOON)
          .until(
              () ->
                  running.loop().partitions().stream()
                      .anyMatch(one -> one.withheld() == 101 && one.lag().orElse(0) == 101));
      var status =
          running.loop().partitions().stream().filter(one -> one.withheld() > 0).findFirst();
      assertThat(Objects.requireNonNull(status.orElseThrow().front()).why())
          .contains("a transaction is open, and hides 101 offsets");
      producer.abortTransaction();
      await().atMost(SOON).until(() -> committed(0) == 102);
      running.drain();
      assertThat(handled).hasSize(100);
    }
  }
}
