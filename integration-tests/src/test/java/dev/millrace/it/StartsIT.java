package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.PartitionStatus;
import dev.millrace.testkit.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the consumption of a partition begins, with and without a commit of its group. */
@ParameterizedClass
@EnumSource(Face.class)
class StartsIT extends WithBroker {

  private static final Duration SOON = Duration.ofSeconds(30);

  private final List<Exception> errors = Collections.synchronizedList(new ArrayList<>());

  private FaceBuilder builder(String protocol, String reset) {
    return builder(
            quickly(
                Map.of(
                    "group.protocol", protocol,
                    "auto.offset.reset", reset,
                    "metadata.max.age.ms", 2_000)))
        .onError(errors::add);
  }

  private void awaitCommitsOfAll(int partitions) {
    await().atMost(SOON).until(() -> commits().size() == partitions);
  }

  private static List<String> values(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "value-" + i).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "classic, latest",
    "classic, by_duration:PT0S",
    "consumer, latest",
    "consumer, by_duration:PT0S"
  })
  void startIsCommittedThoughNothingIsHandled(String protocol, String reset) throws Exception {
    produceTo(0, null, 0, 10);
    var first = start(builder(protocol, reset).build());
    awaitCommitsOfAll(PARTITIONS);
    assertThat(committed(0)).isEqualTo(10);
    first.drain();
    produceTo(0, null, 10, 15);
    var second = start(builder(protocol, reset).build());
    await().atMost(SOON).until(() -> committed(0) == 15);
    second.drain();
    assertThat(handled.keySet()).containsExactlyInAnyOrderElementsOf(values(10, 15));
  }

  @ParameterizedTest
  @ValueSource(strings = {"eager", "cooperative", "consumer"})
  void nothingIsLostInARollingRestartThatStartsAtTheEnd(String protocol) throws Exception {
    Map<String, Object> more = new HashMap<>(Map.of("auto.offset.reset", "latest"));
    if (protocol.equals("consumer")) {
      more.put("group.protocol", protocol);
    } else {
      more.put(
          "partition.assignment.strategy",
          protocol.equals("eager")
              ? "org.apache.kafka.clients.consumer.RangeAssignor"
              : "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
    }
    var first = start(builder(quickly(more)).build());
    awaitCommitsOfAll(PARTITIONS);
    produce(0, 60);
    var second = start(builder(quickly(more)).build());
    await().atMost(SOON).until(() -> !second.loop().partitions().isEmpty());
    first.drain();
    produce(60, 120);
    var third = start(builder(quickly(more)).build());
    await().atMost(SOON).until(() -> !third.loop().partitions().isEmpty());
    produce(120, 180);
    second.drain();
    produce(180, 240);
    await().atMost(SOON).until(() -> handled.size() == 240);
    third.drain();
  }

  @Test
  void startOfTransactionsIsCommittedThoughNothingIsHandled() throws Exception {
    produceTo(0, null, 0, 10);
    var first =
        start(builder("classic", "latest").transactionalHandler((record, output) -> {}).build());
    awaitCommitsOfAll(PARTITIONS);
    first.drain();
    produceTo(0, null, 10, 15);
    var second =
        start(
            builder("classic", "latest")
                .transactionalHandler((record, output) -> count(record.value()))
                .build());
    await().atMost(SOON).until(() -> committed(0) == 15);
    second.drain();
    assertThat(handled.keySet()).containsExactlyInAnyOrderElementsOf(values(10, 15));
  }

  @ParameterizedTest
  @CsvSource({"classic, latest", "classic, none", "consumer, latest", "consumer, none"})
  void partitionsAddedWhileItRunsStartAtTheirBeginning(String protocol, String reset)
      throws Exception {
    if (reset.equals("none")) {
      var earlier = start(builder(protocol, "earliest").build());
      awaitCommitsOfAll(PARTITIONS);
      earlier.drain();
    }
    var running = start(builder(protocol, reset).build());
    awaitCommitsOfAll(PARTITIONS);
    await().atMost(SOON).until(() -> running.loop().partitions().size() == PARTITIONS);
    addPartition();
    produceTo(PARTITIONS, null, 0, 20);
    await().atMost(SOON).until(() -> committed(PARTITIONS) == 20);
    running.drain();
    assertThat(handled).hasSize(20);
  }

  @Test
  void partitionsAddedBetweenTwoRunsStartAtTheirBeginning() throws Exception {
    produceTo(0, null, 100, 110);
    var first = start(builder("classic", "latest").build());
    awaitCommitsOfAll(PARTITIONS);
    first.drain();
    addPartition();
    produceTo(PARTITIONS, null, 0, 20);
    var second = start(builder("classic", "latest").build());
    await().atMost(SOON).until(() -> committed(PARTITIONS) == 20);
    second.drain();
    assertThat(handled).hasSize(20);
  }

  private void addPartition() throws Exception {
    admin().createPartitions(Map.of(topic, NewPartitions.increaseTo(PARTITIONS + 1))).all().get();
  }

  private void makeTopicAnew() throws Exception {
    admin().deleteTopics(List.of(topic)).all().get();
    Topics.create(admin(), List.of(new NewTopic(topic, PARTITIONS, (short) 1)));
  }

  /** KAFKA-13310: offsets of a deleted topic are committed to a new topic of the same name. */
  @ParameterizedTest
  @CsvSource({"classic, earliest", "classic, latest", "consumer, earliest", "consumer, latest"})
  void topicMadeAnewUnderTheConsumerIsReadFromItsBeginning(String protocol, String reset)
      throws Exception {
    var running = start(builder(protocol, reset).commitInterval(Duration.ofSeconds(3)).build());
    awaitCommitsOfAll(PARTITIONS);
    produceTo(0, null, 0, 40);
    await().atMost(SOON).until(() -> handled.size() == 40);
    makeTopicAnew();
    produceTo(0, null, 100, 150);
    await().atMost(SOON).until(() -> handled.size() == 90);
    await().atMost(SOON).until(() -> committed(0) == 50);
    running.drain();
    assertThat(handled.keySet()).containsAll(values(100, 150));
  }

  /** KAFKA-13310: commits of a topic that is gone fail, and those of the other topic go on. */
  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void topicThatIsDeletedHoldsUpNoOtherTopic(String protocol) throws Exception {
    String other = topic + "-other";
    createTopic(other, 1);
    var running =
        start(
            builder(protocol, "earliest")
                .with(loop -> loop.topics(topic, other))
                .commitInterval(Duration.ofSeconds(1))
                .build());
    awaitCommitsOfAll(PARTITIONS + 1);
    produceTo(0, null, 0, 40);
    await().atMost(SOON).until(() -> handled.size() == 40);
    admin().deleteTopics(List.of(topic)).all().get();
    produce(
        values(100, 150).stream()
            .map(value -> new ProducerRecord<byte[], byte[]>(other, bytes(value)))
            .toList());
    var ofOther = new TopicPartition(other, 0);
    await().atMost(SOON).until(() -> handled.keySet().containsAll(values(100, 150)));
    await().atMost(SOON).until(() -> commits().get(ofOther).offset() == 50);
    Topics.create(admin(), List.of(new NewTopic(topic, PARTITIONS, (short) 1)));
    produceTo(0, null, 200, 250);
    await().atMost(SOON).until(() -> handled.keySet().containsAll(values(200, 250)));
    running.drain();
  }

  /** KAFKA-13310, found by the next owner. */
  @ParameterizedTest
  @ValueSource(strings = {"earliest", "latest"})
  void commitOfADeletedTopicSkipsNothingOfTheNewOne(String reset) throws Exception {
    var first = start(builder("classic", reset).build());
    awaitCommitsOfAll(PARTITIONS);
    produceTo(0, null, 0, 40);
    await().atMost(SOON).until(() -> committed(0) == 40);
    first.drain();
    Map<TopicPartition, OffsetAndMetadata> old = commits();
    makeTopicAnew();
    produceTo(0, null, 100, 150);
    admin().alterConsumerGroupOffsets(group, old).all().get();
    var second = start(builder("classic", reset).build());
    await().atMost(SOON).until(() -> committed(0) == 50);
    second.drain();
    assertThat(handled.keySet()).containsAll(values(100, 150));
    assertThat(errors).anySatisfy(e -> assertThat(e).hasMessageContaining(topic + "-0"));
  }

  /** KIP-320, zio/zio-kafka#1760, KAFKA-20507. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void commitsCarryTheLeaderEpoch(boolean transactional) throws Exception {
    produceTo(0, null, 0, 10);
    FaceBuilder builder = builder("classic", "earliest");
    if (transactional) {
      builder.transactionalHandler((record, output) -> {});
    }
    var running = start(builder.build());
    await().atMost(SOON).until(() -> committed(0) == 10);
    running.drain();
    assertThat(commits().get(partition(0)).leaderEpoch()).contains(0);
  }

  @Test
  void offsetsThatExpiredAreToldAndNothingElseIsSkipped() throws Exception {
    var first = start(builder("classic", "latest").build());
    awaitCommitsOfAll(PARTITIONS);
    first.drain();
    produceTo(0, null, 0, 20);
    admin().deleteRecords(Map.of(partition(0), RecordsToDelete.beforeOffset(10))).all().get();
    var second = start(builder("classic", "latest").build());
    await().atMost(SOON).until(() -> committed(0) == 20);
    second.drain();
    assertThat(handled.keySet()).containsExactlyInAnyOrderElementsOf(values(10, 20));
    assertThat(errors)
        .anySatisfy(e -> assertThat(e).hasMessageContaining("10 offsets between were deleted"));
  }

  @Test
  void lagIsRightWhileAPartitionIsPaused() throws Exception {
    produceTo(0, null, 0, 10);
    var running = start(builder("classic", "earliest").build());
    await().atMost(SOON).until(() -> committed(0) == 10);
    running.loop().pause(List.of(partition(0)));
    await().until(() -> status(running).paused());
    produceTo(0, null, 10, 5_010);
    await().atMost(SOON).until(() -> status(running).lag().orElse(0) == 5_000);
    running.loop().resume(List.of(partition(0)));
    await().atMost(SOON).until(() -> status(running).lag().orElse(-1) == 0);
    running.drain();
  }

  @Test
  void lagIsRightWhileAPartitionIsFull() throws Exception {
    produceTo(0, null, 0, 100);
    var gate = new CountDownLatch(1);
    var running =
        start(
            builder(Map.of("max.poll.records", 50, "max.partition.fetch.bytes", 1000))
                .buffer(50)
                .lookAhead(100)
                .handler(
                    record -> {
                      gate.await();
                      count(record.value());
                    })
                .build());
    await().atMost(SOON).until(() -> status(running).paused());
    produceTo(0, null, 100, 5_100);
    await().atMost(SOON).until(() -> status(running).lag().orElse(0) == 5_100);
    gate.countDown();
    await().atMost(SOON).until(() -> committed(0) == 5_100);
    running.drain();
  }

  private PartitionStatus status(Running running) {
    return running.loop().partitions().stream()
        .filter(one -> one.partition().equals(partition(0)))
        .findFirst()
        .orElse(new PartitionStatus(partition(0), OptionalLong.empty(), 0, 0, false, null));
  }
}
