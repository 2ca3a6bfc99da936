package dev.millrace.kafka.internal.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.kafka.AddedPartitions;
import dev.millrace.kafka.NewHistory;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.NewHistoryException.Reason;
import dev.millrace.kafka.internal.cluster.Origin;
import dev.millrace.kafka.internal.cluster.Questions;
import dev.millrace.kafka.internal.cluster.TopicBook;
import dev.millrace.kafka.internal.offsets.CommitMetadata;
import dev.millrace.kafka.internal.offsets.OffsetRanges;
import dev.millrace.kafka.internal.partition.Start;
import dev.millrace.kafka.internal.settings.ConsumerDraft;
import dev.millrace.kafka.internal.settings.Gate;
import dev.millrace.kafka.internal.settings.LoopDraft;
import dev.millrace.kafka.internal.settings.RetryTopics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for the start of a partition, without a broker. */
class StartFinderTest {

  private static final String TOPIC = "orders";
  private static final Uuid OLD = Uuid.randomUuid();
  private static final Uuid NEW = Uuid.randomUuid();
  private static final long FIRST = 3;
  private static final long END = 100;
  private static final int EPOCH = 7;

  /** A cluster that answers at once, except for leaders that are away. */
  private static final class Cluster implements Questions {
    private final Map<String, Topic> topics = new HashMap<>(Map.of(TOPIC, new Topic(OLD, 4)));
    private final Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
    private final Set<TopicPartition> away = new HashSet<>();

    @Override
    public CompletableFuture<String> cluster() {
      return CompletableFuture.completedFuture("a cluster");
    }

    @Override
    public CompletableFuture<Set<String>> names() {
      return CompletableFuture.completedFuture(Set.copyOf(topics.keySet()));
    }

    @Override
    public CompletableFuture<Map<String, Topic>> topics(Collection<String> names) {
      Map<String, Topic> some = new HashMap<>(topics);
      some.keySet().retainAll(names);
      return CompletableFuture.completedFuture(some);
    }

    @Override
    public Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> committed(
        Set<TopicPartition> names) {
      Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> answers = new HashMap<>();
      names.forEach(
          name ->
              answers.put(
                  name, CompletableFuture.completedFuture(Optional.ofNullable(commits.get(name)))));
      return answers;
    }

    @Override
    public CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committedByAll(
        Set<TopicPartition> names) {
      Map<TopicPartition, OffsetAndMetadata> some = new HashMap<>(commits);
      some.keySet().retainAll(names);
      return CompletableFuture.completedFuture(some);
    }

    @Override
    public Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> offsets(
        Map<TopicPartition, Place> places, IsolationLevel isolation) {
      Map<TopicPartition, CompletableFuture<Optional<OffsetAndMetadata>>> answers = new HashMap<>();
      places.forEach(
          (name, place) ->
              answers.put(
                  name,
                  away.contains(name)
                      ? new CompletableFuture<>()
                      : CompletableFuture.completedFuture(answer(place))));
      return answers;
    }

    /** Each offset is as old as its number of milliseconds; the last records have no answer. */
    private static Optional<OffsetAndMetadata> answer(Place place) {
      if (place.equals(Place.FIRST)) {
        return Optional.of(offset(FIRST));
      }
      long time = place.timestamp();
      return time > END && time < 1000
          ? Optional.empty()
          : Optional.of(offset(time < 0 || time > END ? END : Math.max(FIRST, time)));
    }

    private static OffsetAndMetadata offset(long offset) {
      return new OffsetAndMetadata(offset, Optional.of(EPOCH), "");
    }

    @Override
    public void close() {}
  }

  private final Cluster cluster = new Cluster();
  private final List<Exception> errors = new ArrayList<>();
  private final ConsumerDraft<String, String> draft = new ConsumerDraft<>();

  private static TopicPartition partition(int number) {
    return new TopicPartition(TOPIC, number);
  }

  private StartFinder finder(String reset) {
    draft.properties(Map.of("auto.offset.reset", reset));
    return finder();
  }

  private StartFinder finder() {
    return new StartFinder(cluster, new TopicBook(cluster), draft.settings(), errors::add);
  }

  private static Start start(StartFinder finder, int number) {
    return start(finder, partition(number));
  }

  private static Start start(StartFinder finder, TopicPartition name) {
    return Objects.requireNonNull(finder.assigned(Set.of(name)).get(name)).join();
  }

  /** A commit of ours. */
  private void commit(int number, long offset, Uuid topic, int partitions) {
    var origin = Origin.of("a cluster", topic).withPartitions(partitions);
    var encoded =
        CommitMetadata.encode(partition(number), offset, OffsetRanges.EMPTY, origin, 4096);
    cluster.commits.put(
        partition(number), new OffsetAndMetadata(offset, Optional.of(EPOCH), encoded.text()));
  }

  /** A commit of another program. */
  private void commitOfAnother(int number, long offset) {
    cluster.commits.put(partition(number), new OffsetAndMetadata(offset));
  }

  @Test
  void commitIsWhereItStartsAndItsEpochComesWithIt() {
    commit(0, 40, OLD, 4);
    Start start = start(finder("latest"), 0);
    assertThat(start.isCommitted()).isTrue();
    assertThat(start.position().offset()).isEqualTo(40);
    assertThat(start.position().leaderEpoch()).contains(EPOCH);
    assertThat(start.change()).isNull();
  }

  @Test
  void groupThatBeginsStartsByTheReset() {
    assertThat(start(finder("latest"), 0).position().offset()).isEqualTo(END);
    assertThat(start(finder("earliest"), 0).position().offset()).isEqualTo(FIRST);
    assertThat(start(finder("by_duration:PT1H"), 0).position().offset()).isEqualTo(END);
    assertThat(start(finder("latest"), 0).isCommitted()).isFalse();
    assertThatThrownBy(() -> start(finder("none"), 0))
        .hasCauseInstanceOf(NoOffsetForPartitionException.class);
  }

  @Test
  void groupThatBeginsStartsAtATimestamp() {
    draft.startAt = Instant.ofEpochMilli(42);
    assertThat(start(finder(), 0).position().offset()).isEqualTo(42);
    commit(0, 40, OLD, 4);
    assertThat(start(finder(), 0).position().offset()).isEqualTo(40);
    draft.startAt = Instant.ofEpochMilli(500); // younger than all records
    assertThat(start(finder(), 1).position().offset()).isEqualTo(END);
  }

  /** Two members that start together do not take each other's partitions for new. */
  @Test
  void partitionThatWasThereWhenTheGroupBeganIsNotNew() {
    commit(0, 40, OLD, 4);
    commit(1, 40, OLD, 4);
    assertThat(start(finder("latest"), 3).position().offset()).isEqualTo(END);
  }

  @Test
  void partitionBehindThoseThatTheGroupBeganWithStartsAtItsBeginning() {
    commit(0, 40, OLD, 2);
    commit(1, 40, OLD, 2);
    for (String reset : List.of("latest", "none", "by_duration:PT1H")) {
      Start start = start(finder(reset), 2);
      assertThat(start.position().offset()).as(reset).isEqualTo(FIRST);
      assertThat(Objects.requireNonNull(start.origin()).partitions())
          .isEqualTo(2); // the next member commits the same
    }
  }

  @Test
  void partitionBehindTheLastCommitOfAnotherProgramStartsAtItsBeginning() {
    commitOfAnother(0, 40);
    commitOfAnother(2, 40);
    assertThat(start(finder("latest"), 1).position().offset()).isEqualTo(END);
    assertThat(start(finder("latest"), 3).position().offset()).isEqualTo(FIRST);
  }

  @Test
  void addedPartitionStartsByTheResetIfTheApplicationSaysSo() {
    draft.addedPartitions = AddedPartitions.BY_RESET;
    commit(0, 40, OLD, 2);
    assertThat(start(finder("latest"), 2).position().offset()).isEqualTo(END);
    assertThatThrownBy(() -> start(finder("none"), 2))
        .hasCauseInstanceOf(NoOffsetForPartitionException.class);
  }

  @Test
  void topicThatAppearsWhileTheMemberRunsIsNewAsAWhole() {
    var book = new TopicBook(cluster);
    cluster.topics.clear();
    book.begin(List.of(TOPIC)).join();
    cluster.topics.put(TOPIC, new Questions.Topic(OLD, 4));
    draft.properties(Map.of("auto.offset.reset", "latest"));
    var finder = new StartFinder(cluster, book, draft.settings(), errors::add);
    assertThat(start(finder, 0).position().offset()).isEqualTo(FIRST);
  }

  @Test
  void topicThatMatchesAPatternLaterIsNewAsAWhole() {
    var book = new TopicBook(cluster);
    book.begin((String name) -> name.startsWith("ord")).join();
    cluster.topics.put("ordeal", new Questions.Topic(NEW, 1));
    draft.properties(Map.of("auto.offset.reset", "latest"));
    var finder = new StartFinder(cluster, book, draft.settings(), errors::add);
    var later = new TopicPartition("ordeal", 0);
    assertThat(start(finder, later).position().offset()).isEqualTo(FIRST);
    assertThat(start(finder, 0).position().offset()).isEqualTo(END);
  }

  @ParameterizedTest
  @ValueSource(strings = {"latest", "none", "by_duration:PT0S"})
  void retryTopicStartsAtItsBeginningWhateverTheResetSays(String reset) {
    draft.properties(
        Map.of("bootstrap.servers", "nowhere:1", "group.id", "g", "auto.offset.reset", reset));
    draft.topics = List.of("others");
    draft.keyDeserializer = new StringDeserializer();
    draft.valueDeserializer = new StringDeserializer();
    var loop = new LoopDraft<>(draft);
    loop.retryTopics = RetryTopics.NONE.with(TOPIC, Duration.ofMinutes(1));
    loop.deadLetterTopic = "dead";
    var settings = loop.consumer(loop.loop(), observer -> observer, Gate.of(1));
    var finder = new StartFinder(cluster, new TopicBook(cluster), settings, errors::add);
    assertThat(start(finder, 1).position().offset()).isEqualTo(FIRST);
  }

  /** KAFKA-13310. */
  @Test
  void commitOfADeletedTopicIsANewHistory() {
    commit(0, 40, OLD, 4);
    cluster.topics.put(TOPIC, new Questions.Topic(NEW, 4));
    Start start = start(finder("latest"), 0);
    assertThat(start.position().offset()).isEqualTo(FIRST);
    assertThat(start.isCommitted()).isFalse();
    assertThat(change(start).reason()).isEqualTo(Reason.RECREATED);
    assertThat(change(start).from()).isEqualTo(40);
    assertThat(change(start).to()).isEqualTo(FIRST);
    draft.newHistory = NewHistory.RESET;
    assertThat(start(finder("latest"), 0).position().offset()).isEqualTo(END);
    draft.newHistory = NewHistory.STOP;
    assertThatThrownBy(() -> start(finder("latest"), 0))
        .hasCauseInstanceOf(NewHistoryException.class)
        .hasMessageContaining("orders-0");
  }

  /** Tools copy commits to other clusters, where ids of topics are different. */
  @Test
  void commitThatWasCopiedToAnotherClusterIsBelieved() {
    var origin = Origin.of("another cluster", OLD).withPartitions(4);
    String text = CommitMetadata.encode(partition(0), 40, OffsetRanges.EMPTY, origin, 4096).text();
    cluster.commits.put(partition(0), new OffsetAndMetadata(40, text));
    cluster.topics.put(TOPIC, new Questions.Topic(NEW, 4));
    Start start = start(finder("latest"), 0);
    assertThat(start.position().offset()).isEqualTo(40);
    assertThat(start.change()).isNull();
    assertThat(start.origin()).isNotNull().extracting(Origin::topic).isEqualTo(NEW);
  }

  @Test
  void leaderThatIsAwayKeepsNoOtherPartitionWaiting() {
    cluster.away.add(partition(1));
    var starts = finder("latest").assigned(Set.of(partition(0), partition(1)));
    assertThat(Objects.requireNonNull(starts.get(partition(0))).join().position().offset())
        .isEqualTo(END);
    assertThat(starts.get(partition(1))).isNotDone();
  }

  /** KIP-320, zio/zio-kafka#1760, KAFKA-20507. */
  @Test
  void logThatWasCutGoesOnAtTheCut() {
    var cut =
        new LogTruncationException(
            Map.of(partition(0), 150L), Map.of(partition(0), new OffsetAndMetadata(90)));
    Start start = finder("latest").lost(partition(0), 150, null, cut).join();
    assertThat(start.position().offset()).isEqualTo(90);
    assertThat(change(start).reason()).isEqualTo(Reason.TRUNCATED);
  }

  @Test
  void logOfWhichNobodyKnowsWhereItWasCutIsReadFromItsBeginning() {
    var beyond = new OffsetOutOfRangeException(Map.of(partition(0), 150L));
    Start start = finder("latest").lost(partition(0), 150, null, beyond).join();
    assertThat(start.position().offset()).isEqualTo(FIRST);
    assertThat(change(start).reason()).isEqualTo(Reason.TRUNCATED);
    draft.newHistory = NewHistory.RESET;
    assertThat(finder("latest").lost(partition(0), 150, null, beyond).join().position().offset())
        .isEqualTo(END);
  }

  @Test
  void cutInATopicThatWasMadeAnewMeansNothing() {
    cluster.topics.put(TOPIC, new Questions.Topic(NEW, 4));
    var cut =
        new LogTruncationException(
            Map.of(partition(0), 150L), Map.of(partition(0), new OffsetAndMetadata(90)));
    Origin then = Origin.of("a cluster", OLD);
    Start start = finder("latest").lost(partition(0), 150, then, cut).join();
    assertThat(start.position().offset()).isEqualTo(FIRST);
    assertThat(change(start).reason()).isEqualTo(Reason.RECREATED);
  }

  @Test
  void offsetsThatExpiredGoOnAtTheFirstThatIsLeft() {
    var expired = new OffsetOutOfRangeException(Map.of(partition(0), 1L));
    Start start = finder("latest").lost(partition(0), 1, null, expired).join();
    assertThat(start.position().offset()).isEqualTo(FIRST);
    assertThat(change(start).reason()).isEqualTo(Reason.EXPIRED);
    assertThat(change(start)).hasMessageContaining("2 offsets between were deleted");
    assertThatThrownBy(() -> finder("none").lost(partition(0), 1, null, expired).join())
        .isInstanceOf(CompletionException.class)
        .hasRootCause(expired);
  }

  private static NewHistoryException change(Start start) {
    assertThat(start.change()).isNotNull();
    return Objects.requireNonNull(start.change());
  }
}
