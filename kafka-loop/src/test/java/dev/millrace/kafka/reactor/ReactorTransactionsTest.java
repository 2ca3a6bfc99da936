package dev.millrace.kafka.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.TransactionalHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.TransactionPromises;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Functions that return publishers. */
class ReactorTransactionsTest extends TransactionPromises {

  @Override
  protected LoopBuilder<String, String, ?> transactional(
      TransactionalHandler<String, String, String, String> handler,
      Function<Map<String, Object>, Producer<byte[], byte[]>> producers) {
    return WithMockReceiver.reactive(mock, errors)
        .transactionalHandler(
            new StringSerializer(), new StringSerializer(), Publishers.of(handler))
        .producerFactory(producers);
  }

  private ReactorKafkaLoop.Builder<String, String> functions(
      Serializer<String> serializer,
      Function<ConsumerRecord<String, String>, Flux<ProducerRecord<String, String>>> function) {
    return WithMockReceiver.reactive(mock, errors)
        .transactionalHandler(serializer, serializer, function)
        .producerFactory(producers());
  }

  private static ProducerRecord<String, String> output(String value) {
    return new ProducerRecord<>("invoices", "k", value);
  }

  @Test
  void allThatIsEmittedIsProducedInItsOrder() throws Exception {
    assign(3, P0);
    var loop =
        functions(
            new StringSerializer(),
            record ->
                Flux.interval(Duration.ofMillis(1))
                    .take(3)
                    .map(i -> output(record.value() + "." + i)));
    runUntilCommit(loop.build(), 3);
    assertThat(produced())
        .containsExactly("v0.0", "v0.1", "v0.2", "v1.0", "v1.1", "v1.2", "v2.0", "v2.1", "v2.2");
  }

  @Test
  void serializersThatBlockBlockNoThreadOfReactor() throws Exception {
    assign(20, P0);
    var slow =
        new StringSerializer() {
          @Override
          public byte[] serialize(String topic, String text) {
            try {
              Thread.sleep(1); // like a serializer that asks a schema registry
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            return super.serialize(topic, text);
          }
        };
    var loop =
        functions(
            slow,
            record -> Mono.delay(Duration.ofMillis(1)).map(i -> output(record.value())).flux());
    runUntilCommit(loop.build(), 20); // otherwise BlockHound would have stopped the loop
    assertThat(produced()).hasSize(20).startsWith("v0", "v1", "v2");
  }

  @Test
  void publisherThatFailsHalfWayProducesNothing() throws Exception {
    assign(3, P0);
    var attempts = new AtomicInteger();
    var loop =
        functions(
                new StringSerializer(),
                record ->
                    Flux.just(output(record.value() + ".0"), output(record.value() + ".1"))
                        .concatWith(
                            Mono.defer(
                                () ->
                                    record.offset() == 1 && attempts.incrementAndGet() < 3
                                        ? Mono.error(new IOException("not yet"))
                                        : Mono.empty())))
            .retry(3, Backoff.none());
    runUntilCommit(loop.build(), 3);
    assertThat(produced()).containsExactly("v0.0", "v0.1", "v1.0", "v1.1", "v2.0", "v2.1");
    assertThat(attempts).hasValue(3);
  }

  @Test
  void outputThatCanNotBeSerializedIsAFailureOfItsSource() throws Exception {
    assign(3, P0);
    var refusing =
        new StringSerializer() {
          @Override
          public byte[] serialize(String topic, String text) {
            if (text.equals("v1")) {
              throw new SerializationException("not this one");
            }
            return super.serialize(topic, text);
          }
        };
    var loop =
        functions(refusing, record -> Flux.just(output("first"), output(record.value())))
            .deadLetterTopic("dead");
    runUntilCommit(loop.build(), 3);
    assertThat(produced()).containsExactly("first", "v0", "v1", "first", "v2"); // v1 is the letter
  }
}
