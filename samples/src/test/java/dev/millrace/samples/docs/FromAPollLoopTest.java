package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.channel.ChannelConsumer;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.kafka.channel.LoopProcess;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The code that the page about a loop over poll() shows. The tests of the loop check it. */
class FromAPollLoopTest {

  static KafkaLoop<String, String> simple(
      Map<String, Object> kafka, RecordHandler<String, String> store) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka) // the same as before, without enable.auto.commit
            .topics("orders")
            .handler(order -> store.handle(order)) // may take longer than max.poll.interval.ms
            .build();
    // doc:end
    return loop;
  }

  static KafkaLoop<String, String> threads(
      Map<String, Object> kafka, RecordHandler<String, String> store) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .ordering(Ordering.KEY)
            .concurrency(64) // the loop pauses a full partition, and resumes it
            .handler(order -> store.handle(order))
            .build();
    // doc:end
    return loop;
  }

  static void process(Loop loop) throws InterruptedException {
    // doc:begin
    System.exit(LoopProcess.run(loop, Duration.ofSeconds(20)));
    // doc:end
  }

  static KafkaLoop<String, String> rebalances(
      Map<String, Object> kafka,
      RecordHandler<String, String> store,
      Consumer<? super Notification> caches) {
    // doc:begin
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(kafka)
            .topics("orders")
            .revokeTimeout(Duration.ofSeconds(30)) // for handlers of partitions that leave
            .onNotification(change -> caches.accept(change)) // claimed, released, current
            .handler(order -> store.handle(order))
            .build();
    // doc:end
    return loop;
  }

  static void ownLoop(Map<String, Object> kafka, RecordHandler<String, String> store)
      throws Exception {
    // doc:begin
    try (var consumer =
        ChannelConsumer.<String, String>builder().properties(kafka).topics("orders").open()) {
      while (!Thread.currentThread().isInterrupted()) {
        Message<String, String> message = consumer.messages().receive();
        if (message.begin()) { // false: the partition has gone to another member
          store.handle(message.record());
          message.settle(); // committed later, when all before it are settled
        }
      }
    } // commits the settled records, and leaves the group
    // doc:end
  }

  @Test
  void settingsThatAreMissingAreRefusedBeforeAnythingStarts() {
    assertThatThrownBy(() -> process(simple(Map.of(), order -> {})))
        .hasMessageContaining("bootstrap.servers");
    assertThatThrownBy(() -> threads(Map.of(), order -> {}))
        .hasMessageContaining("bootstrap.servers");
    assertThatThrownBy(() -> rebalances(Map.of(), order -> {}, change -> {}))
        .hasMessageContaining("bootstrap.servers");
    assertThatThrownBy(() -> ownLoop(Map.of(), order -> {}))
        .hasMessageContaining("bootstrap.servers");
  }
}
