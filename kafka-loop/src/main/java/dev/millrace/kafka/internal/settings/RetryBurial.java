package dev.millrace.kafka.internal.settings;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.DeadLetter;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Sends a failed record to its next retry topic, and to the dead letters after the last one. A
 * record whose failure is not worth another attempt goes to the dead letters at once. Thread-safe.
 */
final class RetryBurial implements Burial {

  private final RetryTopics topics;
  private final Predicate<? super Throwable> retryable;
  private final boolean hidesMessages;
  private final Burial last;
  private final @Nullable Producer<byte[], byte[]> producer;

  /**
   * Retries before a burial.
   *
   * @param hidesMessages whether the headers carry error codes in place of messages
   * @param last where a record goes in the end
   * @param producer sends to the retry topics; null to send in the transaction of the record
   */
  RetryBurial(
      RetryTopics topics,
      Predicate<? super Throwable> retryable,
      boolean hidesMessages,
      Burial last,
      @Nullable Producer<byte[], byte[]> producer) {
    this.topics = topics;
    this.retryable = retryable;
    this.hidesMessages = hidesMessages;
    this.last = last;
    this.producer = producer;
  }

  @Override
  public Begun bury(DeadLetter letter) throws Exception {
    String topic = next(letter);
    if (topic == null) {
      return last.bury(letter);
    }
    Instant due = Time.now().plus(Objects.requireNonNull(topics.delays().get(topic)));
    ProducerRecord<byte[], byte[]> record =
        RetryRecords.toRecord(hidesMessages ? letter.hidingMessage() : letter, topic, due);
    return producer == null
        ? new Begun(CompletableFuture.completedFuture(null), List.of(record), true)
        : new Begun(producer.send(record), List.of(), true);
  }

  @Override
  public DeadLetter last(DeadLetter letter) {
    return last.last(letter);
  }

  @Override
  public String fate(DeadLetter letter) {
    String topic = next(letter);
    return topic == null
        ? last.fate(letter)
        : "it goes to the retry topic %s, for %s".formatted(topic, topics.delays().get(topic));
  }

  /** The next retry topic; null if the record becomes a dead letter. */
  private @Nullable String next(DeadLetter letter) {
    boolean isReadable = !letter.stage().equals(DeadLetter.FETCH);
    return isReadable && retryable.test(letter.cause())
        ? topics.after(letter.record().topic())
        : null;
  }
}
