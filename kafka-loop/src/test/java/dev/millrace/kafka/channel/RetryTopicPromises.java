package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.RetryHeaders;
import dev.millrace.kafka.builder.LoopBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** Records of retry topics wait until they are due, on any face. */
public abstract class RetryTopicPromises extends WithLetters {

  private static final TopicPartition RETRY = new TopicPartition("orders.retry", 0);

  /** The times at which records were handled, by topic and offset. */
  private final Map<String, Long> handled = new ConcurrentHashMap<>();

  private final Queue<String> subscribed = new ConcurrentLinkedQueue<>();

  private LoopBuilder<String, String, ?> retrying(Duration delay) {
    return handling(
            record -> {
              subscribed.addAll(mock.subscription());
              handled.put(record.topic() + "@" + record.offset(), System.currentTimeMillis());
            })
        .retryTopic("orders.retry", delay)
        .deadLetters(letters::add);
  }

  private void addRetry(int offset, long due) {
    ConsumerRecord<byte[], byte[]> record = record(RETRY, offset);
    record.headers().add(RetryHeaders.DUE, bytes(Long.toString(due)));
    mock.addRecord(record);
  }

  private void awaitHandled(String place) {
    await().until(() -> handled.containsKey(place));
  }

  @Test
  void othersGoOnWhileARecordIsNotDue() throws Exception {
    assign(2, P0, RETRY); // its two records have no due time
    Loop loop = retrying(Duration.ofMinutes(1)).build();
    var running = start(loop, Context.background());
    awaitHandled("orders.retry@1");
    await().until(() -> committed(RETRY) == 2);
    mock.schedulePollTask(() -> addRetry(2, System.currentTimeMillis() + 60_000));
    await().until(() -> mock.paused().contains(RETRY));
    mock.schedulePollTask(() -> add(P0, 2, 4));
    awaitHandled("orders@3"); // polling goes on
    assertThat(handled).doesNotContainKey("orders.retry@2");
    assertThat(committed(RETRY)).isEqualTo(2);
    drain(loop, running);
    assertThat(subscribed).contains("orders", "orders.retry");
  }

  @Test
  void aRecordIsHandedOutWhenItIsDue() throws Exception {
    assign(0, P0, RETRY);
    Loop loop = retrying(Duration.ofMinutes(1)).build();
    long due = System.currentTimeMillis() + 700;
    mock.schedulePollTask(
        () -> {
          addRetry(0, due);
          addRetry(1, due + 300);
        });
    var running = start(loop, Context.background());
    awaitHandled("orders.retry@1");
    assertThat(handled.get("orders.retry@0")).isGreaterThanOrEqualTo(due);
    assertThat(handled.get("orders.retry@1")).isGreaterThanOrEqualTo(due + 300);
    await().until(() -> committed(RETRY) == 2);
    await().until(() -> !mock.paused().contains(RETRY));
    drain(loop, running);
  }

  @Test
  void noCommitPassesARecordThatIsNotDue() throws Exception {
    assign(1, P0, RETRY);
    Loop loop = retrying(Duration.ofMinutes(1)).build();
    mock.schedulePollTask(
        () -> {
          addRetry(1, 0);
          addRetry(2, System.currentTimeMillis() + 60_000);
          addRetry(3, 0);
        });
    var running = start(loop, Context.background());
    awaitHandled("orders.retry@1");
    await().until(() -> committed(RETRY) == 2);
    drain(loop, running);
    assertThat(lastCommits).containsEntry(RETRY, 2L);
    assertThat(handled).doesNotContainKeys("orders.retry@2", "orders.retry@3");
  }

  @Test
  void noRecordWaitsLongerThanTheDelayOfItsTopic() throws Exception {
    assign(1, P0, RETRY);
    Loop loop = retrying(Duration.ofMillis(50)).build();
    mock.schedulePollTask(() -> addRetry(1, Long.MAX_VALUE / 10)); // by a clock that is wrong
    var running = start(loop, Context.background());
    awaitHandled("orders.retry@1");
    drain(loop, running);
  }

  @Test
  void aRecordThatFailsInTheLastTopicIsADeadLetterOfItsOrigin() throws Exception {
    assign(0, P0, RETRY);
    Loop loop =
        poisoned()
            .retryTopic("orders.retry", Duration.ofMillis(1))
            .deadLetters(letters::add)
            .build();
    mock.schedulePollTask(
        () -> {
          ConsumerRecord<byte[], byte[]> record = record(RETRY, 0);
          record.headers().add(RetryHeaders.TOPIC, bytes("orders"));
          record.headers().add(RetryHeaders.PARTITION, bytes("7"));
          record.headers().add(RetryHeaders.OFFSET, bytes("70"));
          record.headers().add(RetryHeaders.ATTEMPTS, bytes("4"));
          mock.addRecord(record);
        });
    var running = start(loop, Context.background());
    await().until(() -> committed(RETRY) == 1);
    drain(loop, running);
    assertThat(letters.getLast().toString()).contains("orders-7 at offset 70", "after 5 attempts");
  }

  /** The predicate is asked although no attempt in place is left. */
  @Test
  void retryIfThatThrowsStopsTheLoop() {
    assign(1, P0);
    Loop loop =
        poisoned()
            .retryIf(
                e -> {
                  throw new IllegalStateException("the predicate is broken");
                })
            .retryTopic("orders.retry", Duration.ofMinutes(1))
            .deadLetters(letters::add)
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining("orders-0 at offset 0")
        .hasMessageContaining("the predicate is broken");
    assertThat(letters).isEmpty();
  }

  @Test
  void unfitRetryTopicsAreRefused() {
    Duration minute = Duration.ofMinutes(1);
    assertThatThrownBy(() -> handling(record -> {}).retryTopic("a b", minute))
        .hasMessageContaining("'a b' cannot be the name of a topic");
    assertThatThrownBy(() -> handling(record -> {}).retryTopic("retry", Duration.ZERO))
        .hasMessageContaining("must be positive");
    assertThatThrownBy(
            () -> handling(record -> {}).retryTopic("retry", minute).retryTopic("retry", minute))
        .hasMessageContaining("called twice");
    assertThatThrownBy(() -> handling(record -> {}).retryTopic("retry", minute).build())
        .hasMessageContaining("retryTopic(…) needs deadLetterTopic(…)");
    assertThatThrownBy(
            () ->
                handling(record -> {}).retryTopic("orders", minute).deadLetterTopic("dead").build())
        .hasMessageContaining("is one of topics(…)");
    assertThatThrownBy(
            () -> handling(record -> {}).retryTopic("dead", minute).deadLetterTopic("dead").build())
        .hasMessageContaining("give two topics");
    handling(record -> {})
        .topics(Pattern.compile("orders"))
        .retryTopic("retry", minute)
        .deadLetterTopic("dead")
        .build();
  }
}
