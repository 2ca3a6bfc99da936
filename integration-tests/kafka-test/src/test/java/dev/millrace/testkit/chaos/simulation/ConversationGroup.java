package dev.millrace.testkit.chaos.simulation;

import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.done;
import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.name;
import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.offsets;
import static dev.millrace.testkit.chaos.simulation.ConversationAnswers.text;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The members of a conversation's group, their rebalances, and their reads. */
final class ConversationGroup {

  private static final int MOST_MEMBERS = 3;
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration AT_LAST = Duration.ofSeconds(60);
  private static final Duration LONGEST_POLL = Duration.ofSeconds(10);

  final class Member implements ConsumerRebalanceListener {
    final Consumer<byte[], byte[]> consumer;

    Member(Consumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
      consumer.subscribe(List.of(draws.place.topic()), this);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      revoked += partitions.size();
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      lost += partitions.size();
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      assigned += partitions.size();
      consumer.pause(partitions);
      if (!draws.isLazy) {
        partitions.forEach(name -> consumer.seek(name, 0));
      }
    }

    boolean owns(TopicPartition name) {
      return consumer.assignment().contains(name);
    }
  }

  private final ConversationDraws draws;
  private final ConversationAnswers answers;
  private final boolean isLong;

  /** The longest wait for the committed offsets of partitions. */
  private final Function<Collection<TopicPartition>, Duration> patience;

  final List<Member> members = new ArrayList<>();
  final Set<TopicPartition> paused = new HashSet<>();

  /** Positions that no record has moved to. */
  private final Map<TopicPartition, Long> sought = new HashMap<>();

  private @Nullable ConsumerGroupMetadata remembered;
  private int revoked;
  private int lost;
  private int assigned;

  ConversationGroup(
      ConversationDraws draws,
      ConversationAnswers answers,
      boolean isLong,
      Function<Collection<TopicPartition>, Duration> patience) {
    this.draws = draws;
    this.answers = answers;
    this.isLong = isLong;
    this.patience = patience;
  }

  Member owner(TopicPartition name) {
    return members.stream().filter(one -> one.owns(name)).findFirst().orElseThrow();
  }

  Member anyMember() {
    return members.get(draws.random.nextInt(members.size()));
  }

  /** The metadata of a member at an earlier time; null if there is none. */
  @Nullable ConsumerGroupMetadata remembered() {
    return remembered;
  }

  void remember(TopicPartition at) {
    remembered = owner(at).consumer.groupMetadata();
  }

  void close() {
    members.forEach(one -> one.consumer.close(CloseOptions.timeout(Conversation.SOON)));
  }

  /** Whether one more member may join. */
  boolean mayGrow() {
    return members.size() < MOST_MEMBERS && !draws.isLazy;
  }

  void join() {
    String name = "m" + draws.next();
    members.add(
        new Member(
            draws.place.consumer(
                name,
                Map.of(
                    "max.poll.records",
                    "" + draws.mostRecords,
                    "max.poll.interval.ms",
                    isLong ? "" + LONGEST_POLL.toMillis() : "60000",
                    "isolation.level",
                    draws.committedOnly ? "read_committed" : "read_uncommitted"))));
    settle("join", members);
  }

  void leave() {
    if (members.size() > 1) {
      Member one = members.remove(draws.random.nextInt(members.size()));
      one.consumer.close(CloseOptions.timeout(Conversation.SOON.multipliedBy(5)));
      settle("leave", members);
    }
  }

  /** A member does not poll for too long; then it comes back. */
  void fallAsleep() {
    if (isLong && members.size() > 1) {
      Member one = anyMember();
      TopicPartition had = one.consumer.assignment().iterator().next();
      List<Member> others = new ArrayList<>(members);
      others.remove(one);
      settle("a member falls asleep", others);
      answers.say(
          "it commits",
          () ->
              done(
                  () ->
                      one.consumer.commitSync(Map.of(had, draws.offset()), Conversation.IN_TIME)));
      ConsumerGroupMetadata old = one.consumer.groupMetadata();
      settle("it wakes up", members);
      remembered = old;
    }
  }

  /** Polls these members until each partition has an owner and all have equal shares. */
  private void settle(String why, List<Member> all) {
    answers.say(why, () -> settle(all));
    if (!draws.isLazy) {
      for (TopicPartition name : draws.partitions) {
        Member one = owner(name);
        answers.say("go back " + name.partition(), () -> rewind(one, name));
      }
    }
  }

  private String settle(List<Member> all) {
    Set<String> problems = new TreeSet<>();
    long deadline = Time.nanoTime() + AT_LAST.toNanos();
    long calmSince = Time.nanoTime();
    String last = "";
    while (Time.nanoTime() - calmSince < draws.place.calm().toNanos()
        || !isShared(all)
        || (draws.isLazy && problems.isEmpty())) {
      for (Member one : all) {
        poll(one, problems);
      }
      String now = all.stream().map(one -> one.consumer.assignment().toString()).toList() + "";
      if (!now.equals(last)) {
        calmSince = Time.nanoTime();
        last = now;
      }
      if (Time.nanoTime() > deadline) {
        throw new TimeoutException("the group does not settle: " + last);
      }
    }
    String counts =
        "assigned %d, revoked %d, lost %d %s".formatted(assigned, revoked, lost, problems);
    assigned = 0;
    revoked = 0;
    lost = 0;
    return counts;
  }

  private static boolean isShared(List<Member> all) {
    int[] sizes = all.stream().mapToInt(one -> one.consumer.assignment().size()).sorted().toArray();
    return Arrays.stream(sizes).sum() == Conversation.PARTITIONS
        && sizes[sizes.length - 1] - sizes[0] <= 1;
  }

  ConsumerRecords<byte[], byte[]> poll(Member one, Set<String> problems) {
    try {
      return one.consumer.poll(SHORT);
    } catch (OffsetOutOfRangeException e) {
      e.partitions().forEach(name -> toBeginning(one, name, e, problems));
    } catch (NoOffsetForPartitionException e) {
      e.partitions().forEach(name -> toBeginning(one, name, e, problems));
    }
    return ConsumerRecords.empty();
  }

  private void toBeginning(
      Member one, TopicPartition name, RuntimeException thrown, Set<String> problems) {
    problems.add(name.partition() + " " + name(thrown));
    long beginning = one.consumer.beginningOffsets(Set.of(name)).get(name);
    one.consumer.seek(name, beginning);
    sought.put(name, beginning);
  }

  private String rewind(Member one, TopicPartition name) {
    OffsetAndMetadata known;
    try {
      known = one.consumer.committed(Set.of(name), patience.apply(Set.of(name))).get(name);
    } catch (TimeoutException e) {
      known = null;
    }
    long to =
        known != null ? known.offset() : one.consumer.beginningOffsets(Set.of(name)).get(name);
    one.consumer.seek(name, to);
    return "to " + to;
  }

  /** Reads to the end, with all members. */
  String drain() {
    Map<Integer, String> read = new TreeMap<>();
    Map<TopicPartition, Long> next = new HashMap<>();
    sought.clear();
    Set<String> problems = new TreeSet<>();
    for (Member one : members) {
      Set<TopicPartition> names = new HashSet<>(one.consumer.assignment());
      names.removeAll(paused);
      names.removeIf(name -> !hasPosition(one, name, problems));
      names.forEach(name -> sought.put(name, one.consumer.position(name, Conversation.SOON)));
      one.consumer.resume(names);
      long deadline = Time.nanoTime() + AT_LAST.toNanos();
      while (!names.stream().allMatch(name -> isAtEnd(one, name))) {
        ConsumerRecords<byte[], byte[]> records = poll(one, problems);
        for (ConsumerRecord<byte[], byte[]> record : records) {
          read.merge(record.partition(), text(record), String::concat);
        }
        records.nextOffsets().forEach((name, offset) -> next.put(name, offset.offset()));
        if (Time.nanoTime() > deadline) {
          throw new TimeoutException("not at the end: " + read);
        }
      }
      one.consumer.pause(names);
    }
    // Kafka's answers may also contain positions that no record has moved.
    next.entrySet().removeAll(sought.entrySet());
    return "%s next %s %s".formatted(read, offsets(next), problems);
  }

  private boolean hasPosition(Member one, TopicPartition name, Set<String> problems) {
    try {
      one.consumer.position(name, patience.apply(Set.of(name)));
      return true;
    } catch (NoOffsetForPartitionException e) {
      toBeginning(one, name, e, problems);
      return true;
    } catch (TimeoutException e) {
      problems.add(name.partition() + " " + name(e));
      return false;
    }
  }

  private boolean isAtEnd(Member one, TopicPartition name) {
    long position = one.consumer.position(name, Conversation.SOON);
    long end = one.consumer.endOffsets(Set.of(name)).get(name);
    return position == end || (position > end && position <= lastOffset(name));
  }

  /** The end for readers of all records: it is the offset of the next record. */
  private long lastOffset(TopicPartition name) {
    try (Consumer<byte[], byte[]> asks =
        draws.place.consumer(
            "asks",
            Map.of(
                "max.poll.records",
                "1",
                "max.poll.interval.ms",
                "60000",
                "isolation.level",
                "read_uncommitted"))) {
      return asks.endOffsets(Set.of(name)).get(name);
    }
  }
}
