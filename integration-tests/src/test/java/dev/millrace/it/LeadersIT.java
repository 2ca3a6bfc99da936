package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.testkit.LocalCluster;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of a consumer when leaders of its partitions go, or come back with less. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LeadersIT {

  private static final int DOWN = 3; // the id of the broker that the tests take away
  private static final Duration LONG = Duration.ofSeconds(60);

  private static @Nullable LocalCluster started;

  private final WatchedLoops loops = new WatchedLoops();
  private final String topic = loops.topic;
  private final Set<String> handled = loops.handled;
  private final List<Exception> errors = loops.errors;

  @BeforeAll
  static void startCluster() throws Exception {
    started =
        LocalCluster.start(
            3,
            Map.of(
                "min.insync.replicas", "1",
                "unclean.leader.election.enable", "true",
                "offsets.topic.num.partitions", "1",
                "log.cleaner.dedupe.buffer.size", "16777216"));
    try (var admin = cluster().admin()) { // the group's own topic survives one broker
      admin.createTopics(List.of(new NewTopic("first", 1, (short) 3))).all().get();
    }
  }

  @AfterAll
  static void stopCluster() {
    cluster().close();
  }

  private static LocalCluster cluster() {
    return Objects.requireNonNull(started);
  }

  @AfterEach
  void restart() throws Exception {
    loops.drain(Duration.ofMillis(1));
    cluster().restart();
  }

  private void create(Map<Integer, List<Integer>> replicas) throws Exception {
    try (var admin = cluster().admin()) {
      admin.createTopics(List.of(new NewTopic(topic, replicas))).all().get();
      await()
          .ignoreExceptions()
          .atMost(LONG)
          .until(() -> admin.describeTopics(List.of(topic)).allTopicNames().get().size() == 1);
    }
  }

  /** Produces records that only the leader has, for certain. */
  private void produce(int partition, int from, int to) throws Exception {
    produce(partition, from, to, "1");
  }

  private void produce(int partition, int from, int to, String acks) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.<String, Object>of("bootstrap.servers", cluster().bootstrapServers(), "acks", acks),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      List<Future<?>> sent = new ArrayList<>();
      for (int i = from; i < to; i++) {
        byte[] value = ("value-" + i).getBytes(StandardCharsets.UTF_8);
        sent.add(producer.send(new ProducerRecord<>(topic, partition, null, value)));
      }
      for (Future<?> one : sent) {
        one.get();
      }
    }
  }

  private FaceBuilder builder(Face face, String protocol) {
    return loops
        .builder(face, protocol, Map.of("bootstrap.servers", cluster().bootstrapServers()))
        .concurrency(8);
  }

  private static void drain(Loop loop, FutureTask<String> task) throws Exception {
    loop.drain(Duration.ofSeconds(10));
    assertThat(task.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  private long committed(int partition) throws ExecutionException, InterruptedException {
    try (Admin admin = cluster().admin()) {
      return loops.committed(admin, partition);
    }
  }

  /** The other partitions go on while one leader is away, with and without earlier commits. */
  @ParameterizedTest
  @CsvSource({
    "CHANNEL, classic, false",
    "CHANNEL, classic, true",
    "CHANNEL, consumer, false",
    "REACTOR, classic, false",
    "REACTOR, classic, true"
  })
  void leaderThatIsAwayKeepsNoOtherPartitionWaiting(Face face, String protocol, boolean hasCommits)
      throws Exception {
    create(Map.of(0, List.of(1), 1, List.of(2), 2, List.of(DOWN)));
    for (int partition = 0; partition < 3; partition++) {
      produce(partition, 100 * partition, 100 * partition + 10);
    }
    if (hasCommits) {
      Loop first = builder(face, protocol).build();
      var running = loops.start(first);
      await().atMost(LONG).until(() -> committed(0) + committed(1) + committed(2) == 30);
      drain(first, running);
      handled.clear();
      produce(0, 1_000, 1_010);
      produce(1, 1_100, 1_110);
    }
    cluster().broker(DOWN - 1).kill();
    Loop loop = builder(face, protocol).build();
    var running = loops.start(loop);
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() == 20); // with the defect 35
    await().atMost(LONG).until(() -> committed(0) + committed(1) >= 20);
    cluster().restart();
    if (!hasCommits) { // the third goes on by itself
      await().atMost(LONG).until(() -> handled.size() == 30);
    }
    drain(loop, running);
  }

  /**
   * KIP-320, zio/zio-kafka#1760, KAFKA-20507: after an unclean election the log is shorter than
   * what was handled, and then longer with other records.
   */
  @ParameterizedTest
  @EnumSource(
      value = Face.class,
      names = {"CHANNEL", "REACTOR"})
  void logThatWasCutByAnUncleanElectionIsReadFromTheCut(Face face) throws Exception {
    create(Map.of(0, List.of(DOWN, 1)));
    // On both: a follower is in sync from the start on, before it has fetched anything.
    produce(0, 0, 50, "all");
    await().atMost(LONG).until(() -> inSync() == 2);
    cluster().broker(0).kill();
    await().atMost(LONG).until(() -> inSync() == 1);
    produce(0, 50, 120); // on one of them
    Loop first = builder(face, "classic").build();
    var before = loops.start(first);
    await().atMost(LONG).until(() -> committed(0) == 120);
    drain(first, before);
    cluster().broker(DOWN - 1).kill();
    cluster().broker(0).restart();
    await().atMost(LONG).until(() -> leader() == 1);
    produce(0, 1_000, 1_150); // from offset 50 on
    Loop second = builder(face, "classic").build();
    var after = loops.start(second);
    await()
        .atMost(LONG)
        .untilAsserted(
            () ->
                assertThat(committed(0))
                    .as("committed, in %s, after %s", second.status(), errors)
                    .isEqualTo(200));
    drain(second, after);
    for (int i = 1_000; i < 1_150; i++) {
      assertThat(handled).contains("value-" + i);
    }
    assertThat(errors)
        .filteredOn(NewHistoryException.class::isInstance)
        .hasSize(1)
        .allSatisfy(
            e -> {
              var history = (NewHistoryException) e;
              assertThat(history.reason()).isEqualTo(NewHistoryException.Reason.TRUNCATED);
              assertThat(history.from()).isEqualTo(120);
              assertThat(history.to()).isEqualTo(50);
            });
    assertThat(second.status().figures().newHistories()).isEqualTo(1);
  }

  private int inSync() throws Exception {
    try (Admin admin = cluster().admin()) {
      var described = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
      return described.partitions().getFirst().isr().size();
    }
  }

  private int leader() throws Exception {
    try (Admin admin = cluster().admin()) {
      var described = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
      var leader = described.partitions().getFirst().leader();
      return leader == null ? -1 : leader.id();
    }
  }
}
