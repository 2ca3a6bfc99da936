package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.partition.Delivery;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** One attempt at a batch of messages; a message that is handled by itself is a batch of one. */
public final class Attempt<K, V> {

  /**
   * The only message; null if there are several, or none. It avoids a list for a single message.
   */
  private final @Nullable Delivery<K, V> single;

  private final List<Delivery<K, V>> several;
  private final int number;
  private final @Nullable DeadLetter letter;

  /** How often a failure has used no attempt. */
  private final int spared;

  private Attempt(Delivery<K, V> single) {
    this.single = single;
    this.several = List.of();
    this.number = 1;
    this.letter = null;
    this.spared = 0;
  }

  /**
   * An attempt at messages.
   *
   * @param messages in the order in which they are handled
   * @param number the number of the attempt, from 1; for a letter, the number of the attempt to
   *     send it
   * @param letter the dead letter to send, if the only message will not be handled again; null for
   *     an attempt to handle
   */
  Attempt(List<Delivery<K, V>> messages, int number, @Nullable DeadLetter letter) {
    this(messages, number, letter, 0);
  }

  private Attempt(
      List<Delivery<K, V>> messages, int number, @Nullable DeadLetter letter, int spared) {
    this.single = messages.size() == 1 ? messages.getFirst() : null;
    this.several = messages.size() == 1 ? List.of() : messages;
    this.number = number;
    this.letter = letter;
    this.spared = spared;
  }

  /** The first attempt at one message that a consumer has handed out. */
  public static <K, V> Attempt<K, V> first(Message<K, V> message) {
    return new Attempt<>((Delivery<K, V>) message); // a consumer delivers no other class
  }

  /** The first attempt at messages. */
  public static <K, V> Attempt<K, V> first(List<Delivery<K, V>> messages) {
    return new Attempt<>(messages, 1, null);
  }

  /**
   * Deserializes the message of a first attempt, but does not wait long for the deserializer.
   * Returns whether the message may be handled now. If not, it was given back to its partition, and
   * nothing is left to do.
   */
  public boolean prepare(Duration patience) {
    return single == null || number > 1 || letter != null || single.prepare(patience);
  }

  /** The messages, in the order in which they are handled. */
  public List<Delivery<K, V>> messages() {
    return single == null ? several : List.of(single);
  }

  /** The number of the attempt, from 1; for a letter, the number of the attempt to send it. */
  public int number() {
    return number;
  }

  /**
   * The dead letter to send, if the only message will not be handled again; null for an attempt to
   * handle.
   */
  public @Nullable DeadLetter letter() {
    return letter;
  }

  /** The number of messages. */
  public int size() {
    return single == null ? several.size() : 1;
  }

  Delivery<K, V> get(int index) {
    return single == null ? several.get(index) : single;
  }

  /** Calls the action with each message. */
  void forEach(Consumer<? super Delivery<K, V>> action) {
    if (single == null) {
      several.forEach(action);
    } else {
      action.accept(single);
    }
  }

  /** The first message. */
  public Delivery<K, V> first() {
    return single == null ? several.getFirst() : single;
  }

  /** The only record, or the first one of several; see {@link #records}. */
  ConsumerRecord<K, V> record() {
    return first().record();
  }

  /**
   * The records to handle.
   *
   * @throws org.apache.kafka.common.errors.RecordDeserializationException if there are none
   */
  public List<ConsumerRecord<K, V>> records() {
    return single == null
        ? several.stream().map(Delivery::record).toList()
        : List.of(single.record());
  }

  /** The next attempt, with the remaining messages. */
  Attempt<K, V> next(List<Delivery<K, V>> left) {
    return new Attempt<>(left, number + 1, letter, spared);
  }

  /** The same attempt once more, because its failure does not count. */
  Attempt<K, V> spared() {
    return new Attempt<>(messages(), number, letter, spared + 1);
  }

  /** How often a failure has used no attempt. */
  int timesSpared() {
    return spared;
  }

  /** The topic of the first message. */
  public String topic() {
    return first().raw().topic();
  }

  /** The bytes of the messages. */
  public long bytes() {
    return single == null ? several.stream().mapToLong(Delivery::bytes).sum() : single.bytes();
  }

  /** Whether this is a later attempt, after a failure. */
  public boolean isRetry() {
    return number > 1 || spared > 0;
  }

  /**
   * Begins the attempt, without messages of revoked partitions. The result may have no messages.
   */
  public Attempt<K, V> begin() {
    if (single != null && single.begin()) {
      return this;
    }
    if (single != null) {
      return new Attempt<>(List.of(), number, letter, spared);
    }
    List<Delivery<K, V>> begun = several.stream().filter(Delivery::begin).toList();
    return new Attempt<>(begun, number, letter, spared);
  }

  /** Whether the partition of the first message was revoked since the message was polled. */
  public boolean isRevoked() {
    return first().isRevoked();
  }

  /** Whether records of its partition may wait for its first record. */
  public boolean hasLane() {
    return first().hasLane();
  }

  /** Ends the attempt: messages that are not settled do not run any more. */
  public void abandon() {
    forEach(Delivery::abandon); // no effect on a message that is settled
  }

  /** The exception for an attempt that still runs in this thread after its interrupt. */
  public StuckHandlerException stuck(String group, Thread thread) {
    ConsumerRecord<?, ?> raw = first().raw();
    return new StuckHandlerException(
        group, new TopicPartition(raw.topic(), raw.partition()), raw.offset(), thread);
  }

  /** Names the records, without their content. */
  @Override
  public String toString() {
    return single == null
        ? "%d records, from %s on".formatted(several.size(), several.getFirst())
        : single.toString();
  }
}
