package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Partitions that move while their records are handled. */
@ParameterizedClass
@EnumSource(
    value = Face.class,
    names = {"CHANNEL", "REACTOR"}) // the threads of the handlers make no difference here
class RebalanceIT extends WithBroker {

  /** The rebalance protocol of a group. */
  enum Protocol {
    EAGER("partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor"),
    COOPERATIVE(
        "partition.assignment.strategy",
        "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"),
    CONSUMER("group.protocol", "consumer");

    private final String name;
    private final String value;

    Protocol(String name, String value) {
      this.name = name;
      this.value = value;
    }

    Map<String, Object> properties() {
      return Map.of(name, value);
    }
  }

  private final Map<Integer, Set<TopicPartition>> current = new ConcurrentHashMap<>();

  private FaceBuilder member(int number, Map<String, Object> properties) {
    return memberOf(builder(quickly(properties)), number);
  }

  private FaceBuilder memberOf(FaceBuilder builder, int number) {
    return builder
        .ordering(Ordering.KEY)
        .onNotification(change -> current.put(number, change.current()));
  }

  private int has(int member) {
    return current.getOrDefault(member, Set.of()).size();
  }

  /**
   * alpakka-kafka#755, KPipe: records that are handled during a rebalance are handled a second
   * time.
   */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void revokeWaitsForHandlersAndCommitsWhatTheyDid(Protocol protocol) throws Exception {
    produce(0, 1_200);
    var first =
        start(member(1, protocol.properties()).concurrency(8).handler(this::slowly).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() > 100);
    var second =
        start(member(2, protocol.properties()).concurrency(8).handler(this::slowly).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> has(1) == 3 && has(2) == 3);
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == 1_200);
    await().until(() -> committed() == 1_200);
    first.drain();
    second.drain();
    assertThat(repeated()).isZero();
  }

  private void slowly(ConsumerRecord<String, String> record) throws InterruptedException {
    Work.pretend(20);
    count(record.value());
  }

  /**
   * zio-kafka#1132, fs2-kafka#1200, confluentinc/parallel-consumer#875: the old owner goes on, and
   * commits.
   */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void handlerThatOutlastsTheRevokeCommitsNothingAndItsRecordComesAgain(Protocol protocol)
      throws Exception {
    produce(0, 600);
    var gate = new CountDownLatch(1);
    var hang = new AtomicBoolean(true);
    List<ConsumerRecord<String, String>> hanging = Collections.synchronizedList(new ArrayList<>());
    var begunAfterwards = new AtomicInteger();
    var revoked = new AtomicBoolean();
    var first =
        start(
            member(1, protocol.properties())
                .revokeTimeout(Duration.ofMillis(100))
                .handler(
                    record -> {
                      if (revoked.get()
                          && !current.getOrDefault(1, Set.of()).contains(at(record))) {
                        begunAfterwards.incrementAndGet();
                      }
                      if (record.offset() == 10) {
                        hanging.add(record);
                        gate.await();
                      }
                      count(record.value());
                    })
                .onNotification(
                    change -> {
                      current.put(1, change.current());
                      revoked.set(!change.released().isEmpty());
                    })
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> hanging.size() == PARTITIONS);
    var second =
        start(
            member(2, protocol.properties())
                .handler(
                    record -> {
                      while (hang.get() && record.offset() == 10) {
                        Work.pretend(10);
                      }
                      count(record.value());
                    })
                .build());
    await().atMost(Duration.ofSeconds(60)).until(() -> has(1) == 3 && has(2) == 3);
    Set<TopicPartition> moved = current.get(2);
    gate.countDown(); // the old owner's handlers end now: six of them
    await().atMost(Duration.ofSeconds(30)).until(() -> committedOf(current.get(1)) > 250);
    for (TopicPartition partition : Objects.requireNonNull(moved)) {
      assertThat(committed(partition.partition())).isLessThanOrEqualTo(10);
    }
    hang.set(false);
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 600);
    first.drain();
    second.drain();
    assertThat(handled).hasSize(600);
    assertThat(begunAfterwards).hasValue(0);
    // The rest is in the metadata of the commits. An eager rebalance takes away all partitions.
    assertThat(repeated()).isEqualTo(protocol == Protocol.EAGER ? PARTITIONS : 3);
  }

  private TopicPartition at(ConsumerRecord<?, ?> record) {
    return new TopicPartition(record.topic(), record.partition());
  }

  private long committedOf(@Nullable Set<TopicPartition> partitions) throws Exception {
    long sum = 0;
    for (TopicPartition partition : Objects.requireNonNull(partitions)) {
      sum += committed(partition.partition());
    }
    return sum;
  }

  /** reactor/reactor-kafka#432: a cooperative rebalance forgets paused partitions. */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void pausesAreKept(Protocol protocol) throws Exception {
    var first = start(member(1, protocol.properties()).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> has(1) == PARTITIONS);
    Set<TopicPartition> all = new HashSet<>();
    for (int i = 0; i < PARTITIONS; i++) {
      all.add(partition(i));
    }
    first.loop().pause(all);
    var second = start(member(2, protocol.properties()).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> has(1) == 3 && has(2) == 3);
    second.drain();
    await().atMost(Duration.ofSeconds(30)).until(() -> has(1) == PARTITIONS);
    produce(0, 600);
    await().during(Duration.ofSeconds(1)).until(handled::isEmpty);
    first.loop().resume(all);
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() == 600);
    first.drain();
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void staticMemberThatRestartsCausesNoRebalance(Protocol protocol) throws Exception {
    List<Notification> ofTheOther = Collections.synchronizedList(new ArrayList<>());
    var other =
        start(
            member(1, named(protocol, "one"))
                .onNotification(
                    change -> {
                      current.put(1, change.current());
                      ofTheOther.add(change);
                    })
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> has(1) == PARTITIONS);
    var restarted = start(member(2, named(protocol, "two")).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> has(1) == 3 && has(2) == 3);
    produce(0, 600);
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 600);
    int before = ofTheOther.size();
    Set<TopicPartition> mine = Objects.requireNonNull(current.get(2));
    restarted.drain();
    current.remove(2);
    var again = start(member(2, named(protocol, "two")).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> has(2) == 3);
    assertThat(current.get(2)).isEqualTo(mine);
    produce(600, 1_200);
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 1_200);
    assertThat(ofTheOther).hasSize(before);
    other.drain();
    again.drain();
    assertThat(repeated()).isZero();
  }

  private static Map<String, Object> named(Protocol protocol, String name) {
    Map<String, Object> properties = new HashMap<>(protocol.properties());
    properties.put("group.instance.id", name);
    return properties;
  }

  /**
   * reactor/reactor-kafka#259, #304, spring-projects/spring-kafka#4687: a partition that was paused
   * because it was full stays paused for ever after a rebalance.
   */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void partitionsThatWereFullInARebalanceGoOnAfterIt(Protocol protocol) throws Exception {
    produce(0, 3_000);
    var gate = new CountDownLatch(1);
    var first = start(soonFull(1, protocol, gate));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> first.loop().health().reason().split(topic, -1).length > PARTITIONS);
    var second = start(soonFull(2, protocol, gate));
    await().atMost(Duration.ofSeconds(30)).until(() -> has(1) == 3 && has(2) == 3);
    gate.countDown();
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() == 3_000);
    first.drain();
    second.drain();
    assertThat(handled).hasSize(3_000);
  }

  private Loop soonFull(int number, Protocol protocol, CountDownLatch gate) {
    Map<String, Object> properties = new HashMap<>(protocol.properties());
    properties.put("max.poll.records", 20);
    return member(number, properties)
        .ordering(Ordering.UNORDERED)
        .concurrency(2)
        .buffer(10)
        .lookAhead(20)
        .revokeTimeout(Duration.ofMillis(100))
        .handler(
            record -> {
              gate.await();
              count(record.value());
            })
        .build();
  }

  /**
   * Members come and go while records are produced. spring-projects/spring-kafka#511, #3186: the
   * committed offset goes back; fs2-kafka#1051: records are missing after the second rebalance.
   */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void membersThatComeAndGoLoseNothingAndKeepTheOrderOfKeys(Protocol protocol) throws Exception {
    asLateAsKafkaHasIt();
    Map<String, AtomicInteger> running = new ConcurrentHashMap<>();
    Map<TopicPartition, Long> commits = new HashMap<>();
    Set<String> complaints = ConcurrentHashMap.newKeySet();
    List<Running> members = new ArrayList<>();
    int produced = 0;
    for (int round = 0; round < 6; round++) {
      if (members.size() == 3) {
        members.removeFirst().drain();
      }
      members.add(
          start(
              memberOf(builder(protocol.properties()), round)
                  .handler(
                      record -> {
                        var now = running.computeIfAbsent(record.key(), k -> new AtomicInteger());
                        if (now.incrementAndGet() > 1) {
                          complaints.add("two at the same time of " + record.key());
                        }
                        Work.pretend(1);
                        now.decrementAndGet();
                        count(record.value());
                      })
                  .build()));
      for (int i = 0; i < 5; i++) {
        produce(produced, produced + 200);
        produced += 200;
        complaints.addAll(goneBack(commits));
      }
    }
    int all = produced;
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              complaints.addAll(goneBack(commits));
              return committed() == all;
            });
    for (Running member : members) {
      member.drain();
    }
    assertThat(handled).hasSize(all);
    assertThat(complaints).isEmpty();
    assertThat(repeated()).isZero(); // every revoke could drain
  }

  private Set<String> goneBack(Map<TopicPartition, Long> before) throws Exception {
    Set<String> complaints = new HashSet<>();
    commits()
        .forEach(
            (partition, now) -> {
              Long last = before.put(partition, now.offset());
              if (last != null && last > now.offset()) {
                complaints.add(partition + " went from " + last + " to " + now.offset());
              }
            });
    return complaints;
  }
}
