package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.ChannelConsumer;
import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import dev.millrace.testkit.TestTopic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of the guide for Go programmers about Kafka, run against a broker. */
@KafkaTest
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KafkaFromGoIT {

  @Test
  void mainLoop(TestKafka kafka, TestTopic topic, Producer<String, String> producer, Admin admin)
      throws Exception {
    for (int i = 1; i <= 3; i++) {
      producer.send(new ProducerRecord<>(topic.name(), "key", "m" + i)).get();
    }
    Map<String, Object> properties =
        Map.of(
            "bootstrap.servers", kafka.bootstrapServers(),
            "group.id", topic.name(),
            "auto.offset.reset", "earliest");
    List<String> handled = new ArrayList<>();
    List<TopicPartition> claimed = new ArrayList<>();
    Channel<Void> close = Channel.rendezvous();
    // doc:begin
    try (var consumer =
        ChannelConsumer.<String, String>builder()
            .properties(properties)
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics(topic.name())
            .ordering(Ordering.PARTITION)
            .open()) {
      var loop =
          new Select<Boolean>()
              .onReceive(
                  consumer.messages(), // closed only if the consumer fails
                  message -> {
                    if (message.begin()) { //    false: the partition has gone elsewhere
                      handled.add(message.record().value());
                      message.settle(); //       MarkOffset, but after the handling
                    }
                    if (handled.size() == 3) {
                      close.close();
                    }
                    return true;
                  },
                  () -> false)
              .onReceive(consumer.errors(), error -> true, () -> false)
              .onReceive(
                  consumer.notifications(), // claimed, released, current
                  change -> {
                    claimed.addAll(change.claimed());
                    return true;
                  },
                  () -> false)
              .onReceive(close, never -> true, () -> false);
      while (loop.select()) {} // for { select { … } }
    } // commits what is settled, and leaves the group
    // doc:end
    var partition = new TopicPartition(topic.name(), 0);
    assertThat(handled).containsExactly("m1", "m2", "m3");
    assertThat(claimed).contains(partition);
    assertThat(
            admin
                .listConsumerGroupOffsets(topic.name())
                .partitionsToOffsetAndMetadata()
                .get()
                .get(partition)
                .offset())
        .isEqualTo(3);
  }

  @Test
  void producerEpoch(TestKafka kafka, TestTopic topic) throws Exception {
    Map<String, Object> properties =
        Map.of("bootstrap.servers", kafka.bootstrapServers(), "transactional.id", topic.name());
    var letter = new ProducerRecord<String, String>(topic.name(), "late");
    // doc:begin
    try (var paused =
            new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
        var successor =
            new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      paused.initTransactions(); //    the broker gives epoch n
      paused.beginTransaction();
      successor.initTransactions(); // epoch n + 1: fences the older owner of the id
      Future<RecordMetadata> refused = paused.send(letter);
      assertThatThrownBy(paused::commitTransaction)
          .isInstanceOfAny(ProducerFencedException.class, InvalidProducerEpochException.class);
      assertThat(refused).failsWithin(Duration.ZERO);
    }
    // doc:end
  }
}
