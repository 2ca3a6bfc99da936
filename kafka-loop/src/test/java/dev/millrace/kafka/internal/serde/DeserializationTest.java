package dev.millrace.kafka.internal.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.UUIDDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DeserializationTest {

  private final List<String> closed = new ArrayList<>();

  private Deserializer<String> closing(String name, @Nullable Throwable failure) {
    return new StringDeserializer() {
      @Override
      public void close() {
        closed.add(name);
        if (failure instanceof Error e) {
          throw e;
        }
        if (failure instanceof RuntimeException e) {
          throw e;
        }
      }
    };
  }

  private void refuseBoth(Throwable ofKey, Throwable ofValue, Throwable thrown) {
    assertThat(closed).containsExactly("key", "value");
    assertThat(thrown)
        .isInstanceOf(KafkaException.class)
        .hasMessageContaining("2 deserializers could not be closed")
        .satisfies(e -> assertThat(e.getCause()).isSameAs(ofKey))
        .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(ofValue));
    assertThat(ofKey.getSuppressed()).isEmpty();
    assertThat(ofValue.getSuppressed()).isEmpty();
  }

  @Test
  void bothFailuresToCloseAreKeptAndNeitherIsChanged() {
    var ofKey = new IllegalStateException("key");
    var ofValue = new AssertionError("value");
    var deserialization = new Deserialization<>(closing("key", ofKey), closing("value", ofValue));
    refuseBoth(ofKey, ofValue, catchThrowable(deserialization::close));
  }

  @Test
  void bothFailuresAreKeptIfTheCallOutlastsTheClose() {
    var ofKey = new IllegalStateException("key");
    var ofValue = new IllegalStateException("value");
    List<Deserialization<String, String>> all = new ArrayList<>();
    var closes =
        new StringDeserializer() {
          @Override
          public String deserialize(String topic, byte[] data) {
            all.getFirst().close(); // while this call goes on
            return super.deserialize(topic, data);
          }

          @Override
          public void close() {
            closed.add("key");
            throw ofKey;
          }
        };
    var deserialization = new Deserialization<>(closes, closing("value", ofValue));
    all.add(deserialization);
    var record = new ConsumerRecord<>("orders", 0, 0, new byte[0], new byte[0]);
    refuseBoth(ofKey, ofValue, catchThrowable(() -> deserialization.apply(record)));
  }

  @Test
  void singleFailureToCloseIsThrownAsItIs() {
    var failure = new IllegalStateException("value");
    var deserialization = new Deserialization<>(closing("key", null), closing("value", failure));
    assertThatThrownBy(deserialization::close).isSameAs(failure).hasNoSuppressedExceptions();
    assertThat(closed).containsExactly("key", "value");
  }

  @Test
  void kafkasOwnDeserializersWithoutStateAreShared() {
    assertThat(new Deserialization<>(new StringDeserializer(), new ByteArrayDeserializer()))
        .matches(Deserialization::isShared);
    assertThat(new Deserialization<>(UUIDDeserializer::new, LongDeserializer::new))
        .matches(Deserialization::isShared);
  }

  @Test
  void othersAreNotShared() {
    Deserializer<String> own = (topic, data) -> "own";
    assertThat(new Deserialization<>(new StringDeserializer(), own))
        .matches(it -> !it.isShared(), "the application's own");
    assertThat(new Deserialization<>(() -> own, StringDeserializer::new))
        .matches(it -> !it.isShared(), "the application's own, from its class");
    assertThat(new Deserialization<>(closing("key", null), new StringDeserializer()))
        .matches(it -> !it.isShared(), "a subclass of Kafka's");
  }

  @Test
  void sharedOnesAreRefusedAfterTheyAreClosed() {
    var deserialization =
        new Deserialization<>(new StringDeserializer(), new ByteArrayDeserializer());
    deserialization.close();
    var record = new ConsumerRecord<>("orders", 0, 0, new byte[0], new byte[0]);
    assertThatThrownBy(() -> deserialization.apply(record))
        .isInstanceOf(DeserializersClosedException.class);
  }
}
