package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.errors.Backoff;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.BatchFailedException;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches against a real broker. */
@ParameterizedClass
@EnumSource(Face.class)
class BatchIT extends WithBroker {

  private final List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
  private final Map<Integer, Set<TopicPartition>> current = new ConcurrentHashMap<>();

  /** The rules of batches; reports a broken rule. */
  private final class Oracle implements BatchHandler<String, String> {
    private final Ordering ordering;
    private final Map<Object, AtomicInteger> running = new ConcurrentHashMap<>();
    private final Map<Object, AtomicLong> last = new ConcurrentHashMap<>();
    private final Set<String> complaints = ConcurrentHashMap.newKeySet();
    private final AtomicInteger together = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicInteger largest = new AtomicInteger();

    Oracle(Ordering ordering) {
      this.ordering = ordering;
    }

    private Object lane(ConsumerRecord<String, String> record) {
      return switch (ordering) {
        case PARTITION -> record.partition();
        case KEY -> record.key();
        case UNORDERED -> record;
      };
    }

    @Override
    public void handle(List<ConsumerRecord<String, String>> records) throws InterruptedException {
      most.accumulateAndGet(together.incrementAndGet(), Math::max);
      largest.accumulateAndGet(records.size(), Math::max);
      Set<Object> lanes = records.stream().map(this::lane).collect(Collectors.toSet());
      for (Object lane : lanes) {
        if (running.computeIfAbsent(lane, l -> new AtomicInteger()).incrementAndGet() > 1) {
          complaints.add(lane + " is in two batches at the same time");
        }
      }
      for (ConsumerRecord<String, String> record : records) {
        Object lane = lane(record);
        long before =
            last.computeIfAbsent(lane, l -> new AtomicLong(-1)).getAndSet(record.offset());
        if (before >= record.offset()) {
          complaints.add(lane + " went from " + before + " to " + record.offset());
        }
      }
      if (ordering == Ordering.PARTITION && lanes.size() > 1) {
        complaints.add("a batch of several partitions: " + lanes);
      }
      if (ThreadLocalRandom.current().nextInt(4) == 0) {
        Work.pretend(2);
      }
      lanes.forEach(lane -> running.get(lane).decrementAndGet());
      together.decrementAndGet();
      records.forEach(record -> count(record.value()));
    }
  }

  @ParameterizedTest
  @EnumSource(Ordering.class)
  void orderIsKeptAndConcurrencyAndSizeAreBounded(Ordering ordering) throws Exception {
    produce(0, 4_000);
    var oracle = new Oracle(ordering);
    var running =
        start(
            builder(Map.of())
                .ordering(ordering)
                .concurrency(8)
                .batchHandler(25, Duration.ofMillis(5), oracle)
                .build());
    await().atMost(Duration.ofSeconds(60)).until(() -> committed() == 4_000);
    running.drain();
    assertThat(oracle.complaints).isEmpty();
    assertThat(oracle.most.get()).isBetween(2, ordering == Ordering.PARTITION ? PARTITIONS : 8);
    assertThat(oracle.largest).hasValue(25);
    assertThat(repeated()).isZero();
  }

  @Test
  void poisonInABatchIsTheOnlyDeadLetter() throws Exception {
    produce(0, 600);
    var running =
        start(
            failing()
                .batchHandler(
                    50,
                    Duration.ofMillis(5),
                    records -> {
                      if (records.stream().anyMatch(BatchIT::isPoison)) {
                        throw new IOException("poison");
                      }
                      records.forEach(record -> count(record.value()));
                    })
                .build());
    await().atMost(Duration.ofSeconds(60)).until(() -> committed() == 600);
    running.drain();
    assertThat(letters).hasSize(6).allMatch(letter -> letter.attempts() == 2);
    assertThat(handled).hasSize(594);
    assertThat(repeated()).isZero();
  }

  @Test
  void recordThatTheHandlerNamesIsTheOnlyDeadLetter() throws Exception {
    produce(0, 600);
    var running =
        start(
            failing()
                .batchHandler(
                    50,
                    Duration.ofMillis(5),
                    records -> {
                      for (ConsumerRecord<String, String> record : records) {
                        if (isPoison(record)) {
                          throw new BatchFailedException(record, new IOException("poison"));
                        }
                        count(record.value());
                      }
                    })
                .build());
    await().atMost(Duration.ofSeconds(60)).until(() -> committed() == 600);
    running.drain();
    assertThat(letters).hasSize(6).allMatch(letter -> letter.attempts() == 2);
    assertThat(handled).hasSize(594);
    assertThat(repeated())
        .isZero(); // the records before are settled, the records behind have not begun
  }

  private FaceBuilder failing() {
    return builder(Map.of())
        .ordering(Ordering.KEY)
        .retry(2, Backoff.fixed(Duration.ofMillis(5)))
        .deadLetters(letters::add)
        .onError(e -> {});
  }

  private static boolean isPoison(ConsumerRecord<String, String> record) {
    return record.value().endsWith("99"); // one in a hundred
  }

  @Test
  void revokeWaitsForBatchesAndCommitsWhatTheyDid() throws Exception {
    produce(0, 2_400);
    var first = start(member(1));
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() > 200);
    var second = start(member(2));
    await().atMost(Duration.ofSeconds(30)).until(() -> has(1) == 3 && has(2) == 3);
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == 2_400);
    await().until(() -> committed() == 2_400);
    first.drain();
    second.drain();
    assertThat(repeated()).isZero();
  }

  private Loop member(int number) {
    return builder(quickly(Map.of()))
        .ordering(Ordering.KEY)
        .concurrency(4)
        .onNotification(change -> current.put(number, change.current()))
        .batchHandler(
            10,
            Duration.ofMillis(5),
            records -> {
              Work.pretend(40);
              records.forEach(record -> count(record.value()));
            })
        .build();
  }

  private int has(int member) {
    return current.getOrDefault(member, Set.of()).size();
  }
}
