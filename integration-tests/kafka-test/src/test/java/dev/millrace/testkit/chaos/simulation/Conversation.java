package dev.millrace.testkit.chaos.simulation;

import dev.millrace.clock.internal.Time;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

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

  private static final int CALLS = 30;
  private static final int MOST_MEMBERS = 3;
  private static final int TOO_LONG = 5000;
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final Duration IN_TIME = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration AT_LAST = Duration.ofSeconds(60);
  private static final Duration LONGEST_POLL = Duration.ofSeconds(10);

  private enum Call {
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

  /** An action that may throw what clients throw. */
  private interface Action {
    Object run() throws ExecutionException, InterruptedException;
  }

  private final class Member implements ConsumerRebalanceListener {
    final Consumer<byte[], byte[]> consumer;

    Member(Consumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
      consumer.subscribe(List.of(place.topic()), this);
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
      if (!isLazy) {
        partitions.forEach(name -> consumer.seek(name, 0));
      }
    }

    boolean owns(TopicPartition name) {
      return consumer.assignment().contains(name);
    }
  }

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

  private final Place place;
  private final SplittableRandom random;
  private final boolean isLazy;
  private final boolean isLong;
  private final boolean committedOnly;
  private final int mostRecords;
  private final List<TopicPartition> partitions;
  private final List<Member> members = new ArrayList<>();
  private final List<Id> ids = List.of(new Id("x0"), new Id("x1"));
  private final Set<TopicPartition> paused = new HashSet<>();
  private final List<String> answers = new ArrayList<>();

  /** Positions that no record has moved to. */
  private final Map<TopicPartition, Long> sought = new HashMap<>();

  private final Producer<byte[], byte[]> plain;
  private @Nullable ConsumerGroupMetadata remembered;
  private int revoked;
  private int lost;
  private int assigned;
  private int numbers;

  /**
   * A conversation.
   *
   * @param isLong whether members may fall asleep, which takes seconds
   */
  Conversation(long seed, Place place, boolean isLong) {
    this.random = new SplittableRandom(seed);
    this.place = place;
    this.isLong = isLong;
    // The newer consumer may report a missing offset once more when it has been sought.
    this.isLazy = random.nextInt(4) == 0 && !place.protocol().equals("CONSUMER");
    this.committedOnly = random.nextInt(3) > 0;
    this.mostRecords = 1 + random.nextInt(5);
    this.partitions =
        IntStream.range(0, PARTITIONS).mapToObj(i -> new TopicPartition(place.topic(), i)).toList();
    this.plain = producer(Map.of());
  }

  /** The calls with their answers. */
  List<String> run() {
    try {
      join();
      for (int i = 0; i < CALLS; i++) {
        call(
            random.nextInt(3) > 0
                ? OFTEN[random.nextInt(OFTEN.length)]
                : Call.values()[random.nextInt(Call.values().length)]);
      }
      call(Call.DRAIN);
      call(Call.COMMITTED);
    } finally {
      ids.forEach(id -> id.producers.forEach(one -> one.close(Duration.ZERO)));
      plain.close(Duration.ZERO);
      members.forEach(one -> one.consumer.close(CloseOptions.timeout(SOON)));
    }
    return answers;
  }

  private void say(String call, Action action) {
    String answer;
    try {
      answer = String.valueOf(action.run());
    } catch (ExecutionException e) {
      answer = name(e.getCause());
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted in a conversation", e);
    } catch (RuntimeException e) {
      answer = name(e);
    }
    answers.add(answers.size() + " " + call + ": " + answer);
  }

  private static String name(Throwable thrown) {
    String name = thrown.getClass().getSimpleName();
    return thrown.getClass() == KafkaException.class && thrown.getCause() != null
        ? name + " by " + name(thrown.getCause())
        : name;
  }

  // Draws

  private TopicPartition partition() {
    return partitions.get(random.nextInt(PARTITIONS));
  }

  private TopicPartition nowhere() {
    return random.nextBoolean()
        ? new TopicPartition("nowhere", 0)
        : new TopicPartition(place.topic(), PARTITIONS + 4);
  }

  private Member owner(TopicPartition name) {
    return members.stream().filter(one -> one.owns(name)).findFirst().orElseThrow();
  }

  private Member anyMember() {
    return members.get(random.nextInt(members.size()));
  }

  /** The brokers answer no question about an offset that is part of an open transaction. */
  private Duration patience(Collection<TopicPartition> names) {
    return ids.stream().anyMatch(id -> !Collections.disjoint(id.offsets, names)) ? SOON : IN_TIME;
  }

  private OffsetAndMetadata offset() {
    return new OffsetAndMetadata(
        random.nextInt(15), Optional.empty(), random.nextBoolean() ? "" : "m" + ++numbers);
  }

  private ProducerRecord<byte[], byte[]> record(TopicPartition name) {
    byte[] value = ("v" + ++numbers).getBytes(StandardCharsets.UTF_8);
    return new ProducerRecord<>(name.topic(), name.partition(), null, value);
  }

  private Producer<byte[], byte[]> producer(Map<String, String> more) {
    Map<String, String> properties = new TreeMap<>(more);
    properties.put("max.block.ms", "10000");
    properties.put("transaction.timeout.ms", "60000");
    return place.producer(properties);
  }

  // Calls

  private void call(Call call) {
    TopicPartition at = partition();
    switch (call) {
      case PRODUCE -> say("produce to " + at.partition(), () -> send(plain, at));
      case PRODUCE_NOWHERE -> produceNowhere();
      case INIT -> init(ids.get(random.nextInt(ids.size())));
      case BEGIN, SEND, SEND_NOWHERE, SEND_OFFSETS, END -> transact(call, at);
      case JOIN -> {
        if (members.size() < MOST_MEMBERS && !isLazy) {
          join();
        }
      }
      case LEAVE -> leave();
      case FALL_ASLEEP -> fallAsleep();
      case DRAIN -> say("drain", this::drain);
      case COMMIT -> commit(at);
      case COMMIT_LATER -> commitLater(at);
      case COMMIT_BADLY -> commitBadly(at);
      case SEEK -> {
        int to = random.nextInt(random.nextInt(4) == 0 ? 100 : 10);
        say("seek " + at.partition() + "@" + to, () -> seek(at, to));
      }
      case POSITION ->
          say(
              "position " + at.partition(),
              () -> owner(at).consumer.position(at, patience(Set.of(at))));
      case STRANGE -> strange(at);
      case COMMITTED -> say("committed", this::committed);
      case ENDS -> say("ends", this::ends);
      case NOWHERE -> askNowhere();
      case DELETE -> delete(at);
      case PAUSE -> {
        if (!paused.remove(at)) {
          paused.add(at);
        }
      }
      case REMEMBER -> remembered = owner(at).consumer.groupMetadata();
      case CLOSED -> useClosed();
    }
  }

  private static String done(Runnable action) {
    action.run();
    return "done";
  }

  private String seek(TopicPartition name, long to) {
    return done(() -> owner(name).consumer.seek(name, to));
  }

  private static Object send(
      Producer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record)
      throws ExecutionException, InterruptedException {
    var sent = producer.send(record);
    producer.flush();
    return "offset " + sent.get().offset();
  }

  private Object send(Producer<byte[], byte[]> producer, TopicPartition name)
      throws ExecutionException, InterruptedException {
    return send(producer, record(name));
  }

  private void produceNowhere() {
    TopicPartition name = nowhere();
    try (Producer<byte[], byte[]> quick = place.producer(Map.of("max.block.ms", "500"))) {
      say("produce to nowhere", () -> send(quick, name));
    }
  }

  // Transactions

  private void init(Id id) {
    Producer<byte[], byte[]> made = producer(Map.of("transactional.id", id.name));
    if (random.nextInt(5) == 0) {
      say("begin before init", () -> done(made::beginTransaction));
    }
    say("init " + id.name, () -> done(made::initTransactions));
    id.producers.add(made);
    id.isOpen = false;
    id.offsets.clear();
  }

  private void transact(Call call, TopicPartition at) {
    Id id = ids.get(random.nextInt(ids.size()));
    if (id.producers.isEmpty()) {
      init(id);
    }
    int last = id.producers.size() - 1;
    int which = last > 0 && random.nextInt(4) == 0 ? last - 1 : last;
    Producer<byte[], byte[]> producer = id.producers.get(which);
    String by = id.name + (which == last ? "" : " (old)");
    boolean fits = which != last || id.isOpen == (call != Call.BEGIN);
    if (!fits && random.nextInt(10) > 0) {
      call = id.isOpen ? Call.SEND : Call.BEGIN;
      fits = true;
    }
    switch (call) {
      case BEGIN -> {
        say("begin " + by, () -> done(producer::beginTransaction));
        id.isOpen |= which == last;
      }
      case SEND -> say("send in " + by + " to " + at.partition(), () -> send(producer, at));
      case SEND_NOWHERE -> {
        if (!isLong && random.nextInt(4) == 0) { // it waits for as long as a call may block
          TopicPartition name = nowhere();
          say("send to nowhere in " + by, () -> send(producer, name));
        }
      }
      case SEND_OFFSETS -> {
        ConsumerGroupMetadata known = remembered;
        boolean isOld = known != null && random.nextInt(3) == 0;
        ConsumerGroupMetadata group =
            isOld && known != null ? known : owner(at).consumer.groupMetadata();
        Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(at, offset());
        say(
            "offsets in %s%s: %s".formatted(by, isOld ? " (remembered)" : "", text(offsets)),
            () -> {
              producer.sendOffsetsToTransaction(offsets, group);
              id.offsets.add(at);
              return "done";
            });
      }
      default -> {
        boolean commits = random.nextInt(3) > 0;
        say(
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
        say(
            "markers",
            () -> {
              place.awaitMarkers(id.name);
              return "done";
            });
        id.isOpen &= which != last;
      }
    }
    if (!fits) {
      init(id); // after a call that is not possible, Kafka's producer may answer nothing
    }
  }

  // Groups

  private void join() {
    String name = "m" + ++numbers;
    members.add(
        new Member(
            place.consumer(
                name,
                Map.of(
                    "max.poll.records",
                    "" + mostRecords,
                    "max.poll.interval.ms",
                    isLong ? "" + LONGEST_POLL.toMillis() : "60000",
                    "isolation.level",
                    committedOnly ? "read_committed" : "read_uncommitted"))));
    settle("join", members);
  }

  private void leave() {
    if (members.size() > 1) {
      Member one = members.remove(random.nextInt(members.size()));
      one.consumer.close(CloseOptions.timeout(SOON.multipliedBy(5)));
      settle("leave", members);
    }
  }

  /** A member does not poll for too long; then it comes back. */
  private void fallAsleep() {
    if (isLong && members.size() > 1) {
      Member one = anyMember();
      TopicPartition had = one.consumer.assignment().iterator().next();
      List<Member> others = new ArrayList<>(members);
      others.remove(one);
      settle("a member falls asleep", others);
      say("it commits", () -> done(() -> one.consumer.commitSync(Map.of(had, offset()), IN_TIME)));
      ConsumerGroupMetadata old = one.consumer.groupMetadata();
      settle("it wakes up", members);
      remembered = old;
    }
  }

  /** Polls these members until each partition has an owner and all have equal shares. */
  private void settle(String why, List<Member> all) {
    say(why, () -> settle(all));
    if (!isLazy) {
      for (TopicPartition name : partitions) {
        Member one = owner(name);
        say("go back " + name.partition(), () -> rewind(one, name));
      }
    }
  }

  private String settle(List<Member> all) {
    Set<String> problems = new TreeSet<>();
    long deadline = Time.nanoTime() + AT_LAST.toNanos();
    long calmSince = Time.nanoTime();
    String last = "";
    while (Time.nanoTime() - calmSince < place.calm().toNanos()
        || !isShared(all)
        || (isLazy && problems.isEmpty())) {
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
    return Arrays.stream(sizes).sum() == PARTITIONS && sizes[sizes.length - 1] - sizes[0] <= 1;
  }

  private ConsumerRecords<byte[], byte[]> poll(Member one, Set<String> problems) {
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
      known = one.consumer.committed(Set.of(name), patience(Set.of(name))).get(name);
    } catch (TimeoutException e) {
      known = null;
    }
    long to =
        known != null ? known.offset() : one.consumer.beginningOffsets(Set.of(name)).get(name);
    one.consumer.seek(name, to);
    return "to " + to;
  }

  // Reads

  /** Reads to the end, with all members. */
  private String drain() {
    Map<Integer, String> read = new TreeMap<>();
    Map<TopicPartition, Long> next = new HashMap<>();
    sought.clear();
    Set<String> problems = new TreeSet<>();
    for (Member one : members) {
      Set<TopicPartition> names = new HashSet<>(one.consumer.assignment());
      names.removeAll(paused);
      names.removeIf(name -> !hasPosition(one, name, problems));
      names.forEach(name -> sought.put(name, one.consumer.position(name, SOON)));
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
      one.consumer.position(name, patience(Set.of(name)));
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
    long position = one.consumer.position(name, SOON);
    long end = one.consumer.endOffsets(Set.of(name)).get(name);
    return position == end || (position > end && position <= lastOffset(name));
  }

  /** The end for readers of all records: it is the offset of the next record. */
  private long lastOffset(TopicPartition name) {
    try (Consumer<byte[], byte[]> asks =
        place.consumer(
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

  private static String text(ConsumerRecord<byte[], byte[]> record) {
    return record.offset() + "=" + new String(record.value(), StandardCharsets.UTF_8) + " ";
  }

  private static String text(Map<TopicPartition, OffsetAndMetadata> offsets) {
    return offsets.entrySet().stream()
        .map(one -> one.getKey().partition() + "@" + text(one.getValue()))
        .sorted()
        .collect(Collectors.joining(" "));
  }

  private static String offsets(Map<TopicPartition, Long> offsets) {
    Map<Integer, Long> sorted = new TreeMap<>();
    offsets.forEach((name, offset) -> sorted.put(name.partition(), offset));
    return sorted.toString();
  }

  private static String text(@Nullable OffsetAndMetadata offset) {
    return offset == null
        ? "null"
        : offset.offset() + " '" + offset.metadata().replaceFirst("(?<=.{9}).*", "") + "'";
  }

  // Offsets

  private void commit(TopicPartition at) {
    Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(at, offset());
    Member by = random.nextInt(3) == 0 ? anyMember() : owner(at);
    say("commit " + text(offsets), () -> done(() -> by.consumer.commitSync(offsets, IN_TIME)));
  }

  private void commitLater(TopicPartition at) {
    Map<TopicPartition, OffsetAndMetadata> offsets = Map.of(at, offset());
    Consumer<byte[], byte[]> by = owner(at).consumer;
    List<String> told = new ArrayList<>();
    say(
        "commit later " + text(offsets),
        () -> {
          by.commitAsync(
              offsets, (of, failure) -> told.add(failure == null ? "done" : name(failure)));
          Set<String> problems = new TreeSet<>();
          while (told.isEmpty()) {
            poll(owner(at), problems);
          }
          return told + " " + problems;
        });
  }

  private void commitBadly(TopicPartition at) {
    boolean isLost = random.nextBoolean();
    Map<TopicPartition, OffsetAndMetadata> offsets =
        isLost
            ? Map.of(nowhere(), offset())
            : Map.of(at, new OffsetAndMetadata(1, Optional.empty(), "x".repeat(TOO_LONG)));
    Consumer<byte[], byte[]> by = owner(at).consumer;
    say(
        isLost ? "commit to nowhere" : "commit too much metadata",
        () -> done(() -> by.commitSync(offsets, isLost ? SOON : IN_TIME)));
  }

  private String committed() {
    Map<TopicPartition, OffsetAndMetadata> all =
        members.getFirst().consumer.committed(Set.copyOf(partitions), patience(partitions));
    return all.size() + ": " + text(all);
  }

  private String ends() {
    Consumer<byte[], byte[]> any = members.getFirst().consumer;
    Map<Integer, String> all = new TreeMap<>();
    any.beginningOffsets(partitions, IN_TIME)
        .forEach((name, offset) -> all.put(name.partition(), offset + " to "));
    any.endOffsets(partitions, IN_TIME)
        .forEach((name, offset) -> all.merge(name.partition(), "" + offset, String::concat));
    return all.toString();
  }

  private void delete(TopicPartition at) {
    paused.clear();
    say("drain", this::drain); // so that no consumer has prefetched what is deleted
    int to = random.nextInt(12);
    say(
        "delete " + at.partition() + "@" + to,
        () -> {
          place.delete(at, to);
          return "done";
        });
  }

  // What fails

  /** A call about a partition that the consumer does not have. */
  private void strange(TopicPartition at) {
    Optional<Member> other = members.stream().filter(one -> !one.owns(at)).findFirst();
    if (other.isPresent()) {
      Consumer<byte[], byte[]> by = other.get().consumer;
      say("strange seek", () -> done(() -> by.seek(at, 0)));
      say("strange position", () -> by.position(at, IN_TIME));
      say("strange pause", () -> done(() -> by.pause(Set.of(at))));
      say("strange lag", () -> by.currentLag(at));
    }
  }

  private void askNowhere() {
    TopicPartition name = nowhere();
    Consumer<byte[], byte[]> any = members.getFirst().consumer;
    switch (random.nextInt(4)) {
      case 0 -> say("begin of nowhere", () -> any.beginningOffsets(Set.of(name), SOON));
      case 1 -> say("end of nowhere", () -> any.endOffsets(Set.of(name), SOON));
      case 2 -> say("committed of nowhere", () -> any.committed(Set.of(name), SOON).values());
      default -> say("partitions of nowhere", () -> any.partitionsFor("nowhere", SOON).size());
    }
  }

  private void useClosed() {
    Producer<byte[], byte[]> producer = producer(Map.of());
    producer.close(Duration.ZERO);
    say("send when closed", () -> send(producer, partition()));
    say("partitions when closed", () -> producer.partitionsFor(place.topic()).size());
    Consumer<byte[], byte[]> consumer =
        place.consumer(
            "closes",
            Map.of(
                "max.poll.records",
                "1",
                "max.poll.interval.ms",
                "60000",
                "isolation.level",
                "read_uncommitted"));
    say("poll without a subscription", () -> consumer.poll(SHORT).count());
    say("commit without a group", () -> done(() -> consumer.commitSync(Map.of(), SOON)));
    consumer.close(CloseOptions.timeout(SOON));
    say("poll when closed", () -> consumer.poll(SHORT).count());
    say("seek when closed", () -> done(() -> consumer.seek(partition(), 0)));
    say("ends when closed", () -> consumer.endOffsets(partitions, SOON).size());
    say("close when closed", () -> done(() -> consumer.close(CloseOptions.timeout(SOON))));
  }
}
