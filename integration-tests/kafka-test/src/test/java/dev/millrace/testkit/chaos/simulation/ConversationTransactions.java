package dev.millrace.testkit.chaos.simulation;

import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.done;
import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.text;

import dev.millrace.testkit.chaos.simulation.Conversation.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;

/** The transactional producers of a conversation, and its calls of them. */
final class ConversationTransactions {

  /** A transactional id and the producers that have used it, the newest last. */
  private static final class Id {
    final String name;
    final List<Producer<byte[], byte[]>> producers = new ArrayList<>();

    /** The newest producer has begun a transaction. */
    boolean isOpen;

    /** The partitions whose offsets are part of its transaction. */
    final Set<TopicPartition> offsets = new HashSet<>();

    Id(String name) {
      this.name = name;
    }
  }

  private final ConversationDraws draws;
  private final ConversationAnswers answers;
  private final ConversationGroup group;
  private final boolean isLong;
  private final List<Id> ids = List.of(new Id("x0"), new Id("x1"));

  ConversationTransactions(
      ConversationDraws draws,
      ConversationAnswers answers,
      ConversationGroup group,
      boolean isLong) {
    this.draws = draws;
    this.answers = answers;
    this.group = group;
    this.isLong = isLong;
  }

  /** Whether an open transaction has offsets of one of these partitions. */
  boolean hold(Collection<TopicPartition> names) {
    return ids.stream().anyMatch(id -> !Collections.disjoint(id.offsets, names));
  }

  void close() {
    ids.forEach(id -> id.producers.forEach(one -> one.close(Duration.ZERO)));
  }

  /** A new producer for one of the ids. */
  void init() {
    init(ids.get(draws.random.nextInt(ids.size())));
  }

  private void init(Id id) {
    Producer<byte[], byte[]> made = draws.producer(Map.of("transactional.id", id.name));
    if (draws.random.nextInt(5) == 0) {
      answers.say("begin before init", () -> done(made::beginTransaction));
    }
    answers.say("init " + id.name, () -> done(made::initTransactions));
    id.producers.add(made);
    id.isOpen = false;
    id.offsets.clear();
  }

  /** One call of a transaction; perhaps another one than asked for, if that one is not possible. */
  void transact(Call call, TopicPartition at) {
    Id id = ids.get(draws.random.nextInt(ids.size()));
    if (id.producers.isEmpty()) {
      init(id);
    }
    int last = id.producers.size() - 1;
    int which = last > 0 && draws.random.nextInt(4) == 0 ? last - 1 : last;
    Producer<byte[], byte[]> producer = id.producers.get(which);
    String by = id.name + (which == last ? "" : " (old)");
    boolean fits = which != last || id.isOpen == (call != Call.BEGIN);
    if (!fits && draws.random.nextInt(10) > 0) {
      call = id.isOpen ? Call.SEND : Call.BEGIN;
      fits = true;
    }
    switch (call) {
      case BEGIN -> {
        answers.say("begin " + by, () -> done(producer::beginTransaction));
        id.isOpen |= which == last;
      }
      case SEND ->
          answers.say(
              "send in " + by + " to " + at.partition(),
              () -> Conversation.send(producer, draws.record(at)));
      case SEND_NOWHERE -> {
        if (!isLong && draws.random.nextInt(4) == 0) { // it waits for as long as a call may block
          TopicPartition name = draws.nowhere();
          answers.say(
              "send to nowhere in " + by, () -> Conversation.send(producer, draws.record(name)));
        }
      }
      case SEND_OFFSETS -> {
        ConsumerGroupMetadata known = group.remembered();
        boolean isOld = known != null && draws.random.nextInt(3) == 0;
        ConsumerGroupMetadata metadata =
            isOld && known != null ? known : group.owner(at).consumer.groupMetadata();
        Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(at, draws.offset());
        answers.say(
            "offsets in %s%s: %s".formatted(by, isOld ? " (remembered)" : "", text(offsets)),
            () -> {
              producer.sendOffsetsToTransaction(offsets, metadata);
              id.offsets.add(at);
              return "done";
            });
      }
      default -> {
        boolean commits = draws.random.nextInt(3) > 0;
        answers.say(
            (commits ? "commit " : "abort ") + by,
            () -> {
              if (commits) {
                producer.commitTransaction();
              } else {
                producer.abortTransaction();
              }
              id.offsets.clear();
              return "done";
            });
        answers.say(
            "markers",
            () -> {
              draws.place.awaitMarkers(id.name);
              return "done";
            });
        id.isOpen &= which != last;
      }
    }
    if (!fits) {
      init(id); // after a call that is not possible, Kafka's producer may answer nothing
    }
  }
}
