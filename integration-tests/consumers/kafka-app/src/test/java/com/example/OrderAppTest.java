package com.example;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.context.Context;
import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.Partitions;
import dev.millrace.testkit.TestKafka;
import dev.millrace.testkit.TestTopic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@KafkaTest
@Timeout(120)
class OrderAppTest {
  @Test
  void ordersAreSummedAndMalformedOnesAreKept(
      TestKafka kafka, @Partitions(3) TestTopic orders, Producer<String, String> producer)
      throws Exception {
    kafka.createTopic(orders.name() + ".dead", 1);
    var meters = new SimpleMeterRegistry();
    var app = new OrderApp(kafka.bootstrapServers(), orders.name(), meters);
    var running =
        new FutureTask<Void>(
            () -> {
              app.run(Context.background());
              return null;
            });
    Thread.ofVirtual().start(running);
    for (String amount : List.of("12", "many", "30")) {
      producer.send(new ProducerRecord<>(orders.name(), "ann", amount)).get();
    }

    try (var letters =
        new KafkaConsumer<>(
            Map.<String, Object>of(
                "bootstrap.servers", kafka.bootstrapServers(),
                "group.id", "test",
                "auto.offset.reset", "earliest"),
            new StringDeserializer(),
            new StringDeserializer())) {
      letters.subscribe(List.of(orders.name() + ".dead"));
      String letter = null;
      while (letter == null) {
        for (var record : letters.poll(Duration.ofMillis(100))) {
          letter = record.value();
        }
      }
      assertEquals("many", letter);
    }
    await().until(() -> app.totals().of("ann") == 42);
    await().until(() -> meters.get("millrace.kafka.dead.letters").counter().count() == 1);
    app.stop();
    running.get();
  }
}
