package dev.millrace.testkit.chaos.simulation;

import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.done;
import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.name;
import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.text;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Calls of consumers and producers that a seed draws, and their answers as text. One thread makes
 * one call after the other, on a real broker or on a simulated one. Equal brokers give equal texts.
 *
 * <p>The text leaves out what brokers may choose: which member gets which partition, the numbers of
 * generations, and the words of messages. So calls name the owner of a partition and not a member,
 * and each rebalance ends with all members at the committed offsets.
 */
final class Conversation {

  /** A broker, and the clients that are made for it. */
  interface Place {
    Consumer<byte[], byte[]> consumer(String name, Map<String, String> properties);

    Producer<byte[], byte[]> producer(Map<String, String> properties);

    String topic();

    /** The name of the rebalance protocol. */
    String protocol();

    void delete(TopicPartition name, long to) throws ExecutionException, InterruptedException;

    /** Waits until a transaction that is ending has ended at all partitions. */
    void awaitMarkers(String transactionalId) throws ExecutionException, InterruptedException;

    /** Shares that do not change for this time are settled. */
    Duration calm();
  }

  static final int PARTITIONS = 3;

  /** For calls that are expected to have no answer. */
  static final Duration SOON = Duration.ofSeconds(1);

  /** For calls that are expected to have an answer. */
  static final Duration IN_TIME = Duration.ofSeconds(30);

  private static final int CALLS = 30;
  private static final int TOO_LONG = 5000;
  private static final Duration SHORT = Duration.ofMillis(50);

  enum Call {
    PRODUCE,
    PRODUCE_NOWHERE,
    INIT,
    BEGIN,
    SEND,
    SEND_NOWHERE,
    SEND_OFFSETS,
    END,
    JOIN,
    LEAVE,
    FALL_ASLEEP,
    DRAIN,
    COMMIT,
    COMMIT_LATER,
    COMMIT_BADLY,
    SEEK,
    POSITION,
    STRANGE,
    COMMITTED,
    ENDS,
    NOWHERE,
    DELETE,
    PAUSE,
    REMEMBER,
    CLOSED
  }

  private static final Call[] OFTEN = {
    Call.PRODUCE,
    Call.PRODUCE,
    Call.BEGIN,
    Call.BEGIN,
    Call.SEND,
    Call.SEND,
    Call.SEND,
    Call.SEND_OFFSETS,
    Call.SEND_OFFSETS,
    Call.END,
    Call.END,
    Call.DRAIN,
    Call.DRAIN,
    Call.COMMIT,
    Call.COMMIT,
    Call.COMMITTED,
    Call.SEEK
  };

  private final ConversationDraws draws;
  private final ConversationAnswers answers = new ConversationAnswers();
  private final ConversationGroup group;
  private final ConversationTransactions transactions;
  private final Producer<byte[], byte[]> plain;

  /**
   * A conversation.
   *
   * @param isLong whether members may fall asleep, which takes seconds
   */
  Conversation(long seed, Place place, boolean isLong) {
    this.draws = new ConversationDraws(seed, place);
    this.group = new ConversationGroup(draws, answers, isLong, this::patience);
    this.transactions = new ConversationTransactions(draws, answers, group, isLong);
    this.plain = draws.producer(Map.of());
  }

  /** The calls with their answers. */
  List<String> run() {
    try {
      group.join();
      for (int i = 0; i < CALLS; i++) {
        call(
            draws.random.nextInt(3) > 0
                ? OFTEN[draws.random.nextInt(OFTEN.length)]
                : Call.values()[draws.random.nextInt(Call.values().length)]);
      }
      call(Call.DRAIN);
      call(Call.COMMITTED);
    } finally {
      transactions.close();
      plain.close(Duration.ZERO);
      group.close();
    }
    return answers.all();
  }

  /** The brokers answer no question about an offset that is part of an open transaction. */
  private Duration patience(Collection<TopicPartition> names) {
    return transactions.hold(names) ? SOON : IN_TIME;
  }

  private void call(Call call) {
    TopicPartition at = draws.partition();
    switch (call) {
      case PRODUCE -> answers.say("produce to " + at.partition(), () -> send(plain, at));
      case PRODUCE_NOWHERE -> produceNowhere();
      case INIT -> transactions.init();
      case BEGIN, SEND, SEND_NOWHERE, SEND_OFFSETS, END -> transactions.transact(call, at);
      case JOIN -> {
        if (group.mayGrow()) {
          group.join();
        }
      }
      case LEAVE -> group.leave();
      case FALL_ASLEEP -> group.fallAsleep();
      case DRAIN -> answers.say("drain", group::drain);
      case COMMIT -> commit(at);
      case COMMIT_LATER -> commitLater(at);
      case COMMIT_BADLY -> commitBadly(at);
      case SEEK -> {
        int to = draws.random.nextInt(draws.random.nextInt(4) == 0 ? 100 : 10);
        answers.say("seek " + at.partition() + "@" + to, () -> seek(at, to));
      }
      case POSITION ->
          answers.say(
              "position " + at.partition(),
              () -> group.owner(at).consumer.position(at, patience(Set.of(at))));
      case STRANGE -> strange(at);
      case COMMITTED -> answers.say("committed", this::committed);
      case ENDS -> answers.say("ends", this::ends);
      case NOWHERE -> askNowhere();
      case DELETE -> delete(at);
      case PAUSE -> {
        if (!group.paused.remove(at)) {
          group.paused.add(at);
        }
      }
      case REMEMBER -> group.remember(at);
      case CLOSED -> useClosed();
    }
  }

  private String seek(TopicPartition name, long to) {
    return done(() -> group.owner(name).consumer.seek(name, to));
  }

  static Object send(Producer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record)
      throws ExecutionException, InterruptedException {
    var sent = producer.send(record);
    producer.flush();
    return "offset " + sent.get().offset();
  }

  private Object send(Producer<byte[], byte[]> producer, TopicPartition name)
      throws ExecutionException, InterruptedException {
    return send(producer, draws.record(name));
  }

  private void produceNowhere() {
    TopicPartition name = draws.nowhere();
    try (Producer<byte[], byte[]> quick = draws.place.producer(Map.of("max.block.ms", "500"))) {
      answers.say("produce to nowhere", () -> send(quick, name));
    }
  }

  private void commit(TopicPartition at) {
    Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(at, draws.offset());
    ConversationGroup.Member by =
        draws.random.nextInt(3) == 0 ? group.anyMember() : group.owner(at);
    answers.say(
        "commit " + text(offsets), () -> done(() -> by.consumer.commitSync(offsets, IN_TIME)));
  }

  private void commitLater(TopicPartition at) {
    Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(at, draws.offset());
    Consumer<byte[], byte[]> by = group.owner(at).consumer;
    List<String> told = new ArrayList<>();
    answers.say(
        "commit later " + text(offsets),
        () -> {
          by.commitAsync(
              offsets, (of, failure) -> told.add(failure == null ? "done" : name(failure)));
          Set<String> problems = new TreeSet<>();
          while (told.isEmpty()) {
            group.poll(group.owner(at), problems);
          }
          return told + " " + problems;
        });
  }

  private void commitBadly(TopicPartition at) {
    boolean isLost = draws.random.nextBoolean();
    Map<TopicPartition, OffsetAndMetadata> offsets =
        isLost
            ? Map.of(draws.nowhere(), draws.offset())
            : Map.of(at, new OffsetAndMetadata(1, Optional.empty(), "x".repeat(TOO_LONG)));
    Consumer<byte[], byte[]> by = group.owner(at).consumer;
    answers.say(
        isLost ? "commit to nowhere" : "commit too much metadata",
        () -> done(() -> by.commitSync(offsets, isLost ? SOON : IN_TIME)));
  }

  private String committed() {
    Map<TopicPartition, OffsetAndMetadata> all =
        group
            .members
            .getFirst()
            .consumer
            .committed(Set.copyOf(draws.partitions), patience(draws.partitions));
    return all.size() + ": " + text(all);
  }

  private String ends() {
    Consumer<byte[], byte[]> any = group.members.getFirst().consumer;
    Map<Integer, String> all = new TreeMap<>();
    any.beginningOffsets(draws.partitions, IN_TIME)
        .forEach((name, offset) -> all.put(name.partition(), offset + " to "));
    any.endOffsets(draws.partitions, IN_TIME)
        .forEach((name, offset) -> all.merge(name.partition(), "" + offset, String::concat));
    return all.toString();
  }

  private void delete(TopicPartition at) {
    group.paused.clear();
    answers.say("drain", group::drain); // so that no consumer has prefetched what is deleted
    int to = draws.random.nextInt(12);
    answers.say(
        "delete " + at.partition() + "@" + to,
        () -> {
          draws.place.delete(at, to);
          return "done";
        });
  }

  /** A call about a partition that the consumer does not have. */
  private void strange(TopicPartition at) {
    Optional<ConversationGroup.Member> other =
        group.members.stream().filter(one -> !one.owns(at)).findFirst();
    if (other.isPresent()) {
      Consumer<byte[], byte[]> by = other.get().consumer;
      answers.say("strange seek", () -> done(() -> by.seek(at, 0)));
      answers.say("strange position", () -> by.position(at, IN_TIME));
      answers.say("strange pause", () -> done(() -> by.pause(Set.of(at))));
      answers.say("strange lag", () -> by.currentLag(at));
    }
  }

  private void askNowhere() {
    TopicPartition name = draws.nowhere();
    Consumer<byte[], byte[]> any = group.members.getFirst().consumer;
    switch (draws.random.nextInt(4)) {
      case 0 -> answers.say("begin of nowhere", () -> any.beginningOffsets(Set.of(name), SOON));
      case 1 -> answers.say("end of nowhere", () -> any.endOffsets(Set.of(name), SOON));
      case 2 ->
          answers.say("committed of nowhere", () -> any.committed(Set.of(name), SOON).values());
      default ->
          answers.say("partitions of nowhere", () -> any.partitionsFor("nowhere", SOON).size());
    }
  }

  private void useClosed() {
    Producer<byte[], byte[]> producer = draws.producer(Map.of());
    producer.close(Duration.ZERO);
    answers.say("send when closed", () -> send(producer, draws.partition()));
    answers.say("partitions when closed", () -> producer.partitionsFor(draws.place.topic()).size());
    Consumer<byte[], byte[]> consumer =
        draws.place.consumer(
            "closes",
            Map.of(
                "max.poll.records",
                "1",
                "max.poll.interval.ms",
                "60000",
                "isolation.level",
                "read_uncommitted"));
    answers.say("poll without a subscription", () -> consumer.poll(SHORT).count());
    answers.say("commit without a group", () -> done(() -> consumer.commitSync(Map.of(), SOON)));
    consumer.close(CloseOptions.timeout(SOON));
    answers.say("poll when closed", () -> consumer.poll(SHORT).count());
    answers.say("seek when closed", () -> done(() -> consumer.seek(draws.partition(), 0)));
    answers.say("ends when closed", () -> consumer.endOffsets(draws.partitions, SOON).size());
    answers.say("close when closed", () -> done(() -> consumer.close(CloseOptions.timeout(SOON))));
  }
}
