package dev.millrace.kafka.internal.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.errors.ErrorCode;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.RetryHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A failed record passes through the retry topics, and keeps where it came from. */
class RetryBurialTest {

  private static final RetryTopics TOPICS =
      RetryTopics.NONE
          .with("retry.1m", Duration.ofMinutes(1))
          .with("retry.10m", Duration.ofMinutes(10));

  private final MockProducer<byte[], byte[]> producer =
      new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());
  private final List<DeadLetter> letters = new ArrayList<>();
  private boolean hidesMessages;
  private Predicate<? super Throwable> retryable = cause -> true;

  private Burial burial(@Nullable MockProducer<byte[], byte[]> by) {
    return new RetryBurial(
        TOPICS,
        cause -> retryable.test(cause),
        hidesMessages,
        Burial.ofOrigins(Burial.of(letters::add)),
        by);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ConsumerRecord<byte[], byte[]> order() {
    var record = new ConsumerRecord<>("orders", 3, 70L, bytes("key"), bytes("value"));
    record.headers().add("mine", bytes("kept"));
    return record;
  }

  private static DeadLetter letter(ConsumerRecord<byte[], byte[]> record, int attempts) {
    return new DeadLetter(
        record, DeadLetter.HANDLE, attempts, new IOException("no answer"), "group", null);
  }

  /** The record as a consumer of that topic gets it. */
  private static ConsumerRecord<byte[], byte[]> consumed(ProducerRecord<byte[], byte[]> sent) {
    var record = new ConsumerRecord<>(sent.topic(), 0, 5L, sent.key(), sent.value());
    sent.headers().forEach(record.headers()::add);
    return record;
  }

  private static Map<String, String> texts(Headers headers) {
    Map<String, String> texts = new TreeMap<>();
    for (Header header : headers) {
      assertThat(texts.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)))
          .as("one header of each name")
          .isNull();
    }
    return texts;
  }

  @Test
  void aFailedRecordGoesToTheFirstTopicWithItsOriginAndItsReason() throws Exception {
    Instant before = Instant.now();
    Burial.Begun begun = burial(producer).bury(letter(order(), 2));
    assertThat(begun.isRetry()).isTrue();
    assertThat(begun.produced()).isEmpty();
    assertThat(begun.safe().isDone()).as("the broker has not answered").isFalse();
    producer.completeNext();
    assertThat(begun.safe().isDone()).isTrue();
    ProducerRecord<byte[], byte[]> sent = producer.history().getFirst();
    assertThat(sent.topic()).isEqualTo("retry.1m");
    assertThat(sent.partition()).as("chosen by the key").isNull();
    assertThat(sent.key()).isEqualTo(bytes("key"));
    assertThat(sent.value()).isEqualTo(bytes("value"));
    Map<String, String> headers = texts(sent.headers());
    Instant due = Instant.ofEpochMilli(Long.parseLong(headers.get(RetryHeaders.DUE)));
    assertThat(due).isBetween(before.plusSeconds(59), Instant.now().plusSeconds(60));
    assertThat(headers)
        .containsEntry("mine", "kept")
        .containsEntry(RetryHeaders.TOPIC, "orders")
        .containsEntry(RetryHeaders.PARTITION, "3")
        .containsEntry(RetryHeaders.OFFSET, "70")
        .containsEntry(RetryHeaders.ATTEMPTS, "2")
        .containsEntry(RetryHeaders.REASON, "no answer")
        .containsEntry(RetryHeaders.EXCEPTION, "java.io.IOException")
        .containsEntry(RetryHeaders.GROUP, "group");
    assertThat(letters).isEmpty();
  }

  @Test
  void aRecordThatFailsAgainGoesOnAndKeepsItsOrigin() throws Exception {
    var _ = burial(producer).bury(letter(order(), 2));
    var again = burial(producer).bury(letter(consumed(producer.history().getFirst()), 3));
    assertThat(again.isRetry()).isTrue();
    ProducerRecord<byte[], byte[]> second = producer.history().get(1);
    assertThat(second.topic()).isEqualTo("retry.10m");
    assertThat(texts(second.headers()))
        .containsEntry(RetryHeaders.TOPIC, "orders")
        .containsEntry(RetryHeaders.OFFSET, "70")
        .containsEntry(RetryHeaders.ATTEMPTS, "5");
  }

  @Test
  void afterTheLastTopicItIsADeadLetterOfItsOrigin() throws Exception {
    var _ = burial(producer).bury(letter(order(), 1));
    var _ = burial(producer).bury(letter(consumed(producer.history().getFirst()), 1));
    DeadLetter last = letter(consumed(producer.history().get(1)), 1);
    assertThat(burial(producer).fate(last)).isEqualTo("it becomes a dead letter");
    Burial.Begun begun = burial(producer).bury(last);
    assertThat(begun.isRetry()).isFalse();
    assertThat(letters).hasSize(1);
    DeadLetter letter = letters.getFirst();
    assertThat(letter.attempts()).isEqualTo(3);
    assertThat(letter.group()).isEqualTo("group");
    assertThat(letter.record().topic()).isEqualTo("orders");
    assertThat(letter.record().partition()).isEqualTo(3);
    assertThat(letter.record().offset()).isEqualTo(70);
    assertThat(letter.record().value()).isEqualTo(bytes("value"));
    assertThat(texts(letter.record().headers())).isEqualTo(Map.of("mine", "kept"));
  }

  @Test
  void headersCarryACodeInPlaceOfAHiddenMessage() throws Exception {
    hidesMessages = true;
    assertThat(burial(producer).bury(letter(order(), 1)).isRetry()).isTrue();
    Map<String, String> headers = texts(producer.history().getFirst().headers());
    assertThat(headers)
        .containsEntry(RetryHeaders.REASON, "error " + ErrorCode.of("no answer").code())
        .containsEntry(RetryHeaders.EXCEPTION, IOException.class.getName());
  }

  @Test
  void aFailureThatIsNotWorthItIsADeadLetterAtOnce() throws Exception {
    retryable = cause -> false;
    assertThat(burial(producer).bury(letter(order(), 1)).isRetry()).isFalse();
    retryable =
        cause -> {
          throw new IllegalStateException("broken");
        };
    assertThatThrownBy(() -> burial(producer).fate(letter(order(), 1))).hasMessage("broken");
    retryable = cause -> true;
    var unreadable = new DeadLetter(order(), DeadLetter.FETCH, 1, new IOException());
    assertThat(burial(producer).bury(unreadable).isRetry()).isFalse();
    assertThat(letters).hasSize(2);
    assertThat(producer.history()).isEmpty();
  }

  @Test
  void inATransactionTheRecordIsProducedWithTheCommit() throws Exception {
    Burial.Begun begun = burial(null).bury(letter(order(), 1));
    assertThat(begun.isRetry()).isTrue();
    assertThat(begun.safe().isDone()).isTrue();
    assertThat(begun.produced()).hasSize(1);
    assertThat(begun.produced().getFirst().topic()).isEqualTo("retry.1m");
  }
}
