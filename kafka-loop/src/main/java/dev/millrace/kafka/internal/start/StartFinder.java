package dev.millrace.kafka.internal.start;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.AddedPartitions;
import dev.millrace.kafka.NewHistory;
import dev.millrace.kafka.NewHistoryException;
import dev.millrace.kafka.NewHistoryException.Reason;
import dev.millrace.kafka.Reading;
import dev.millrace.kafka.internal.cluster.Origin;
import dev.millrace.kafka.internal.cluster.Questions;
import dev.millrace.kafka.internal.cluster.Questions.Place;
import dev.millrace.kafka.internal.cluster.TopicBook;
import dev.millrace.kafka.internal.offsets.CommitMetadata;
import dev.millrace.kafka.internal.offsets.OffsetRanges;
import dev.millrace.kafka.internal.partition.Start;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import dev.millrace.kafka.internal.settings.OffsetReset;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Finds where the consumption of a partition begins. Thread-safe, as its {@link Questions} are. */
/*
 * The rules, in their order:
 *
 * 1. The group has committed an offset: start there. If the commit names another topic id than the
 *    topic has now, the commit is of a deleted topic (KAFKA-13310): a new history.
 * 2. Nothing is committed, and it is a partition of a retry topic: start at its beginning. Only this
 *    group sends records there, perhaps before the start was committed.
 * 3. Nothing is committed, and the partition did not exist when the group began: start at its
 *    beginning.
 * 4. Nothing is committed: follow auto.offset.reset.
 *
 * When did the group begin? Each commit contains the number of partitions of the topic at that
 * time. Later members repeat this number, so the smallest number in the commits of the topic
 * counts. Commits of other programs, and of a consumer without metadata, do not have this number.
 * Then the last partition with a commit counts: partitions are added at the end, so the group began
 * with the partitions up to it. If there are no commits at all, the group begins now, with the
 * partitions that this member saw at its own start.
 *
 * A new history: the offset has expired, the log was truncated, or the topic was created again.
 * Then consumption continues where no existing record is skipped, unless the application has chosen
 * another place.
 *
 * Each partition has its own questions, so partitions whose leader answers go on.
 */
public final class StartFinder {

  private final Questions questions;
  private final TopicBook topics;
  private final OffsetReset reset;
  private final @Nullable Reading reading;
  private final NewHistory newHistory;
  private final AddedPartitions added;
  private final Set<String> retryTopics;
  private final IsolationLevel isolation;
  private final Consumer<? super Exception> report;

  public StartFinder(
      Questions questions,
      TopicBook topics,
      ConsumerSettings<?, ?> settings,
      Consumer<? super Exception> report) {
    this.questions = questions;
    this.topics = topics;
    this.reset = settings.offsetReset();
    this.reading = settings.reading;
    this.newHistory = settings.newHistory();
    this.added = settings.addedPartitions;
    this.retryTopics = settings.delays.keySet();
    this.isolation = settings.isolation();
    this.report = report;
  }

  /** The starts of assigned partitions. */
  Map<TopicPartition, CompletableFuture<Start>> assigned(Set<TopicPartition> names) {
    Reading given = reading;
    if (given != null) {
      return given(given, names);
    }
    var committed = questions.committed(names);
    var entries = topicsOf(names);
    Map<TopicPartition, CompletableFuture<Start>> starts = new HashMap<>();
    for (TopicPartition name : names) {
      starts.put(
          name,
          Objects.requireNonNull(committed.get(name))
              .thenCompose(
                  offset ->
                      entries.thenCompose(
                          known -> {
                            TopicBook.Entry topic = known.get(name.topic());
                            return offset.isPresent()
                                ? committed(name, offset.get(), topic)
                                : uncommitted(name, topic);
                          })));
    }
    return starts;
  }

  private CompletableFuture<Map<String, TopicBook.Entry>> topicsOf(Set<TopicPartition> names) {
    return topics.begin(names.stream().map(TopicPartition::topic).collect(Collectors.toSet()));
  }

  /** The starts of partitions that the application has assigned itself. */
  private Map<TopicPartition, CompletableFuture<Start>> given(
      Reading given, Set<TopicPartition> names) {
    var entries = topicsOf(names);
    Map<TopicPartition, CompletableFuture<Start>> starts = new HashMap<>();
    for (TopicPartition name : names) {
      starts.put(
          name,
          entries.thenCompose(
              known -> {
                TopicBook.Entry topic = known.get(name.topic());
                return given(given, name, topic == null ? null : topic.origin());
              }));
    }
    return starts;
  }

  private CompletableFuture<Start> given(
      Reading given, TopicPartition name, @Nullable Origin origin) {
    Long offset = given.offsets().get(name);
    if (offset != null) {
      return CompletableFuture.completedFuture(Start.at(offset, origin));
    }
    return switch (given.place()) {
      case BEGINNING -> at(name, Place.FIRST, origin);
      case END -> at(name, Place.END, origin);
      case TIME -> since(name, Objects.requireNonNull(given.time()).toEpochMilli(), origin);
    };
  }

  private CompletableFuture<Start> committed(
      TopicPartition name, OffsetAndMetadata offset, TopicBook.@Nullable Entry topic) {
    CommitMetadata.Decoded decoded = decoded(name, offset);
    Origin then = decoded.origin();
    Origin now = topic == null ? null : topic.origin();
    if (then != null && now != null && then.isReplacedBy(now)) {
      return began(name, Reason.RECREATED, offset.offset(), now, null, null);
    }
    Origin origin = now == null || (then != null && then.isSame(now)) ? then : now;
    return CompletableFuture.completedFuture(
        new Start(offset, decoded.ranges(), origin, true, null));
  }

  private CommitMetadata.Decoded decoded(TopicPartition name, OffsetAndMetadata committed) {
    try {
      return CommitMetadata.decoded(name, committed.offset(), committed.metadata());
    } catch (CommitMetadata.MalformedException e) {
      report.accept(
          new KafkaException(
              "the metadata of the commit of %s at offset %d is ignored, and records that were settled beyond it will be redelivered: %s"
                  .formatted(name, committed.offset(), e.getMessage()),
              e));
      return new CommitMetadata.Decoded(OffsetRanges.EMPTY, null);
    }
  }

  private CompletableFuture<Start> uncommitted(
      TopicPartition name, TopicBook.@Nullable Entry topic) {
    Origin now = topic == null ? null : topic.origin();
    if (retryTopics.contains(name.topic())) {
      return at(name, Place.FIRST, now);
    }
    if (topic == null || reset.isEarliest() || added == AddedPartitions.BY_RESET) {
      return byReset(name, now);
    }
    Set<TopicPartition> all =
        IntStream.range(0, topic.partitions())
            .mapToObj(i -> new TopicPartition(name.topic(), i))
            .collect(Collectors.toSet());
    return questions
        .committedByAll(all)
        .thenCompose(
            commits -> {
              int before = partitionsBefore(name.topic(), topic, commits);
              Origin origin = now == null ? null : now.withPartitions(before);
              return name.partition() >= before
                  ? at(name, Place.FIRST, origin)
                  : byReset(name, origin);
            });
  }

  /** The number of partitions of the topic when the group started to consume it. */
  private int partitionsBefore(
      String topic, TopicBook.Entry now, Map<TopicPartition, OffsetAndMetadata> commits) {
    int before = topics.partitionsAtFirst(topic, now);
    int told = Integer.MAX_VALUE;
    int committed = 0;
    for (Map.Entry<TopicPartition, OffsetAndMetadata> commit : commits.entrySet()) {
      committed = Math.max(committed, commit.getKey().partition() + 1);
      Origin then = originOf(commit.getKey(), commit.getValue());
      if (then != null && now.origin() != null) {
        if (then.isReplacedBy(now.origin())) {
          return 0;
        }
        if (then.isSame(now.origin()) && then.partitions() != Origin.UNKNOWN) {
          told = Math.min(told, then.partitions());
        }
      }
    }
    if (told == Integer.MAX_VALUE && committed > 0) {
      told = committed;
    }
    return Math.min(before, told);
  }

  private static @Nullable Origin originOf(TopicPartition name, OffsetAndMetadata commit) {
    try {
      return CommitMetadata.decoded(name, commit.offset(), commit.metadata()).origin();
    } catch (CommitMetadata.MalformedException e) {
      return null; // the member with this partition reports it
    }
  }

  /**
   * The start of a partition whose position is not in its log any more.
   *
   * @param then the topic that the position belongs to, if it is known
   */
  CompletableFuture<Start> lost(
      TopicPartition name, long position, @Nullable Origin then, InvalidOffsetException problem) {
    return topics
        .ask(Set.of(name.topic()))
        .thenCompose(
            known -> {
              TopicBook.Entry topic = known.get(name.topic());
              Origin now = topic == null ? null : topic.origin();
              if (then != null && now != null && then.isReplacedBy(now)) {
                return began(name, Reason.RECREATED, position, now, null, problem);
              }
              OffsetAndMetadata cut = cut(name, problem);
              if (cut != null) {
                return began(name, Reason.TRUNCATED, position, then, cut, problem);
              }
              return offset(name, Place.FIRST)
                  .thenCompose(first -> lost(name, position, first, then, problem));
            });
  }

  private static @Nullable OffsetAndMetadata cut(
      TopicPartition name, InvalidOffsetException problem) {
    return problem instanceof LogTruncationException truncated
        ? truncated.divergentOffsets().get(name)
        : null;
  }

  private CompletableFuture<Start> lost(
      TopicPartition name,
      long position,
      OffsetAndMetadata first,
      @Nullable Origin origin,
      InvalidOffsetException problem) {
    if (position < first.offset()) {
      return began(name, Reason.EXPIRED, position, origin, first, problem);
    }
    if (problem instanceof LogTruncationException) { // the place of the cut is unknown
      return began(name, Reason.TRUNCATED, position, origin, first, problem);
    }
    return offset(name, Place.END)
        .thenCompose(
            end ->
                position > end.offset()
                    ? began(name, Reason.TRUNCATED, position, origin, first, problem)
                    : CompletableFuture.completedFuture(Start.at(position, origin)));
  }

  /**
   * The start of a partition whose topic seems to have been created again while it was consumed.
   */
  CompletableFuture<Start> recreated(TopicPartition name, long position, Origin then) {
    return topics
        .ask(Set.of(name.topic()))
        .thenCompose(
            known -> {
              TopicBook.Entry topic = known.get(name.topic());
              Origin now = topic == null ? null : topic.origin();
              return now != null && then.isReplacedBy(now)
                  ? began(name, Reason.RECREATED, position, now, null, null)
                  : CompletableFuture.completedFuture(Start.at(position, then));
            });
  }

  /**
   * A new history has begun.
   *
   * @param at the place where nothing is skipped; null for the beginning of the log
   */
  private CompletableFuture<Start> began(
      TopicPartition name,
      Reason reason,
      long from,
      @Nullable Origin origin,
      @Nullable OffsetAndMetadata at,
      @Nullable InvalidOffsetException problem) {
    CompletableFuture<Start> start =
        newHistory == NewHistory.RESET && !reset.isNone()
            ? byReset(name, origin)
            : at == null
                ? at(name, Place.FIRST, origin)
                : CompletableFuture.completedFuture(Start.uncommitted(at, origin));
    return start.thenApply(
        found -> {
          var told =
              new NewHistoryException(name, reason, from, found.position().offset(), problem);
          if (newHistory == NewHistory.STOP) {
            throw told;
          }
          return found.after(told);
        });
  }

  private CompletableFuture<Start> byReset(TopicPartition name, @Nullable Origin origin) {
    return switch (reset.policy()) {
      case EARLIEST -> at(name, Place.FIRST, origin);
      case LATEST -> at(name, Place.END, origin);
      case BY_DURATION -> {
        Duration back = Objects.requireNonNull(reset.back());
        yield since(name, Time.currentTimeMillis() - back.toMillis(), origin);
      }
      case AT -> since(name, Objects.requireNonNull(reset.at()).toEpochMilli(), origin);
      case NONE -> CompletableFuture.failedFuture(new NoOffsetForPartitionException(name));
    };
  }

  /** The first record that is not older than the given time, or the end of the log. */
  private CompletableFuture<Start> since(
      TopicPartition name, long timestamp, @Nullable Origin origin) {
    return ask(name, new Place(Math.max(0, timestamp)))
        .thenCompose(
            found ->
                found.isPresent()
                    ? CompletableFuture.completedFuture(Start.uncommitted(found.get(), origin))
                    : at(name, Place.END, origin)); // no record is that young
  }

  private CompletableFuture<Start> at(TopicPartition name, Place place, @Nullable Origin origin) {
    return offset(name, place).thenApply(found -> Start.uncommitted(found, origin));
  }

  /** The first offset of the log, or the offset behind its last record. */
  private CompletableFuture<OffsetAndMetadata> offset(TopicPartition name, Place place) {
    return ask(name, place).thenApply(found -> found.orElseGet(() -> new OffsetAndMetadata(0)));
  }

  private CompletableFuture<Optional<OffsetAndMetadata>> ask(TopicPartition name, Place place) {
    return Objects.requireNonNull(questions.offsets(Map.of(name, place), isolation).get(name));
  }
}
