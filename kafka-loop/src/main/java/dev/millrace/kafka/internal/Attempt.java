package dev.millrace.kafka.internal;

import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Message;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a batch of messages; a message that is handled by itself is a batch of one.
 *
 * @param messages in the order in which they are handled
 * @param number which attempt it is, from 1; for a letter, which attempt to get rid of it
 * @param letter not null if it is one message, handling it is over, and it is to go to the dead
 *     letters
 */
public record Attempt<K, V>(
    List<Delivery<K, V>> messages, int number, @Nullable DeadLetter letter) {

  /** The first attempt at one message that a consumer has handed out. */
  public static <K, V> Attempt<K, V> first(Message<K, V> message) {
    return first(List.of((Delivery<K, V>) message)); // a consumer hands out no others
  }

  /** The first attempt at messages. */
  public static <K, V> Attempt<K, V> first(List<Delivery<K, V>> messages) {
    return new Attempt<>(messages, 1, null);
  }

  /**
   * The records to handle.
   *
   * @throws org.apache.kafka.common.errors.RecordDeserializationException if there are none
   */
  public List<ConsumerRecord<K, V>> records() {
    if (messages.size() == 1) {
      return List.of(messages.getFirst().record());
    }
    List<ConsumerRecord<K, V>> records = new ArrayList<>(messages.size());
    for (Delivery<K, V> message : messages) {
      records.add(message.record());
    }
    return List.copyOf(records);
  }

  /** The next one, at those of the messages that are left. */
  Attempt<K, V> next(List<Delivery<K, V>> left) {
    return new Attempt<>(left, number + 1, letter);
  }

  /** Begins it, without those messages whose partition was taken away: none may be left. */
  public Attempt<K, V> begin() {
    List<Delivery<K, V>> begun = messages.stream().filter(Delivery::begin).toList();
    return new Attempt<>(begun, number, letter);
  }

  /** Ends it: what is not settled does not run any more. */
  public void abandon() {
    messages.forEach(Delivery::abandon); // no effect on a message that is settled
  }

  /** Adds to the failure, as a suppressed exception, which records it was about. */
  public void blame(Throwable failure) {
    failure.addSuppressed(new Site("while handling " + this));
  }

  /** Names the records, but shows nothing of them. */
  @Override
  public String toString() {
    return messages.size() == 1
        ? messages.getFirst().toString()
        : "%d records, from %s on".formatted(messages.size(), messages.getFirst());
  }

  private static final class Site extends Exception {
    private static final long serialVersionUID = 1L;

    Site(String message) {
      super(message, null, false, false);
    }
  }
}
