package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.BatchFailedException;
import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.builder.LoopBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** Handlers that get several records at once, on any face. */
public abstract class BatchPromises extends WithMockConsumer {

  private static final Backoff SHORT = Backoff.fixed(Duration.ofMillis(1));
  private static final Duration LONG = Duration.ofHours(1);

  private final List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());

  /** The offsets of each batch that was handled. */
  private final List<List<Long>> batches = Collections.synchronizedList(new ArrayList<>());

  /** The builder of a loop of this face with the handler, which may block. */
  protected abstract LoopBuilder<String, String, ?> batches(
      int size, Duration linger, BatchHandler<String, String> handler);

  private static List<Long> offsets(List<ConsumerRecord<String, String>> records) {
    return records.stream().map(ConsumerRecord::offset).toList();
  }

  private void keep(List<ConsumerRecord<String, String>> records) {
    batches.add(offsets(records));
  }

  private List<Long> handled() {
    synchronized (batches) {
      return batches.stream().flatMap(List::stream).toList();
    }
  }

  private static List<Long> range(int from, int to) {
    return LongStream.range(from, to).boxed().toList();
  }

  private static void drain(Loop loop, FutureTask<String> running) throws Exception {
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  /** Runs until the offset of the first partition is committed. */
  private void runUntilCommit(Loop loop, long offset) throws Exception {
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == offset);
    drain(loop, running);
  }

  private static void addKeys(WithMockConsumer test, int records, int keys) {
    for (int i = 0; i < records; i++) {
      test.mock.addRecord(
          new ConsumerRecord<>("orders", 0, i, bytes("key-" + i % keys), bytes("v" + i)));
    }
  }

  @Test
  void fullBatchIsHandledAtOnceInTheOrderOfItsPartition() throws Exception {
    assign(30, P0);
    runUntilCommit(batches(10, LONG, this::keep).ordering(Ordering.PARTITION).build(), 30);
    assertThat(batches).containsExactly(range(0, 10), range(10, 20), range(20, 30));
  }

  @Test
  void batchThatIsNotFullWaitsNoLongerThanItsLinger() throws Exception {
    assign(3, P0);
    runUntilCommit(batches(10, Duration.ofMillis(5), this::keep).build(), 3);
    assertThat(handled()).containsExactlyInAnyOrderElementsOf(range(0, 3));
  }

  @Test
  void recordJoinsTheBatchThatItsKeyIsGatheredIn() throws Exception {
    assign(1, P0);
    mock.schedulePollTask(() -> {});
    mock.schedulePollTask(() -> add(P0, 1, 3)); // records of the same key
    runUntilCommit(batches(3, LONG, this::keep).ordering(Ordering.KEY).build(), 3);
    assertThat(batches).containsExactly(range(0, 3));
  }

  @Test
  void batchOfTheOrderOfPartitionsHasOnlyOnePartition() throws Exception {
    assign(20, P0, P1);
    Set<Integer> mixtures = ConcurrentHashMap.newKeySet();
    var loop =
        batches(
                8,
                Duration.ofMillis(1),
                records ->
                    mixtures.add(
                        records.stream()
                            .map(one -> one.partition())
                            .collect(Collectors.toSet())
                            .size()))
            .ordering(Ordering.PARTITION)
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 20 && committed(P1) == 20);
    drain(loop, running);
    assertThat(mixtures).containsExactly(1);
  }

  @Test
  void batchOfNoOrderIsFilledFromAllPartitions() throws Exception {
    assign(5, P0, P1);
    runUntilCommit(batches(10, LONG, this::keep).build(), 5);
    assertThat(batches).hasSize(1);
  }

  @Test
  void keyIsInOneBatchAtATimeAndInOrder() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(() -> addKeys(this, 400, 7));
    Map<String, Long> last = new ConcurrentHashMap<>();
    Map<String, Integer> running = new ConcurrentHashMap<>();
    Set<String> complaints = ConcurrentHashMap.newKeySet();
    var loop =
        batches(
                16,
                Duration.ofMillis(1),
                records -> {
                  Set<String> keys =
                      records.stream().map(ConsumerRecord::key).collect(Collectors.toSet());
                  for (String key : keys) {
                    if (running.merge(key, 1, Integer::sum) > 1) {
                      complaints.add(key + " is in two batches");
                    }
                  }
                  for (ConsumerRecord<String, String> one : records) {
                    Long before = last.put(one.key(), one.offset());
                    if (before != null && before >= one.offset()) {
                      complaints.add(one.key() + " goes back");
                    }
                  }
                  Thread.yield();
                  keys.forEach(key -> running.merge(key, -1, Integer::sum));
                  keep(records);
                })
            .ordering(Ordering.KEY)
            .build();
    runUntilCommit(loop, 400);
    assertThat(complaints).isEmpty();
    assertThat(handled()).containsExactlyInAnyOrderElementsOf(range(0, 400));
    assertThat(batches.size()).isLessThan(100);
  }

  @Test
  void concurrencyCountsBatchesAndOneThatWaitsForAHandlerGrows() throws Exception {
    assign(5, P0);
    var gate = new CountDownLatch(1);
    var first = new CountDownLatch(1);
    var loop =
        batches(
                100,
                Duration.ZERO,
                records -> {
                  keep(records);
                  first.countDown();
                  gate.await();
                })
            .concurrency(1)
            .build();
    mock.schedulePollTask(() -> {});
    var running = start(loop, Context.background());
    first.await();
    int begun = batches.getFirst().size();
    for (int i = 0; i < 10; i++) {
      int from = 5 + 5 * i;
      mock.schedulePollTask(() -> add(P0, from, from + 5));
    }
    await()
        .until(() -> loop.partitions().getFirst().inFlight() == begun && mock.position(P0) == 55);
    await()
        .until(
            () -> loop.partitions().getFirst().waiting() == 0); // all records are in the next batch
    assertThat(batches).hasSize(1);
    gate.countDown();
    await().until(() -> committed(P0) == 55);
    drain(loop, running);
    assertThat(batches).hasSizeLessThanOrEqualTo(3); // and not one batch for each poll
  }

  @Test
  void batchThatFailsIsTriedAgainAsAWhole() throws Exception {
    assign(10, P0);
    var attempts = new AtomicInteger();
    runUntilCommit(
        batches(
                5,
                LONG,
                records -> {
                  keep(records);
                  if (records.getFirst().offset() == 0 && attempts.incrementAndGet() < 3) {
                    throw new IOException("not yet");
                  }
                })
            .ordering(Ordering.PARTITION)
            .retry(3, SHORT)
            .build(),
        10);
    assertThat(batches).containsExactly(range(0, 5), range(0, 5), range(0, 5), range(5, 10));
    await().until(() -> errors.size() == 2);
    assertThat(errors.getFirst())
        .hasMessageContaining("5 records")
        .hasMessageContaining("orders-0 at offset 0")
        .hasMessageContaining("not yet");
  }

  @Test
  void batchOfPoisonIsTakenApartAndOnlyThePoisonIsADeadLetter() throws Exception {
    assign(10, P0);
    runUntilCommit(
        batches(
                5,
                LONG,
                records -> {
                  if (offsets(records).contains(2L)) {
                    throw new IOException("poison");
                  }
                  keep(records);
                })
            .ordering(Ordering.PARTITION)
            .retry(2, SHORT)
            .deadLetters(letters::add)
            .build(),
        10);
    assertThat(letters).extracting(letter -> letter.record().offset()).containsExactly(2L);
    assertThat(letters.getFirst().attempts()).isEqualTo(2);
    assertThat(batches)
        .containsExactly(range(0, 1), range(1, 2), range(3, 4), range(4, 5), range(5, 10));
  }

  @Test
  void handlerThatSaysWhichRecordFailedSparesTheOthers() throws Exception {
    assign(10, P0);
    List<List<Long>> seen = Collections.synchronizedList(new ArrayList<>());
    runUntilCommit(
        batches(
                5,
                Duration.ofMillis(1),
                records -> {
                  seen.add(offsets(records));
                  for (ConsumerRecord<String, String> one : records) {
                    if (one.offset() == 2) {
                      throw new BatchFailedException(one, new IOException("poison"));
                    }
                  }
                })
            .ordering(Ordering.PARTITION)
            .retry(2, SHORT)
            .deadLetters(letters::add)
            .build(),
        10);
    assertThat(letters).extracting(letter -> letter.record().offset()).containsExactly(2L);
    assertThat(letters.getFirst().attempts()).isEqualTo(2);
    assertThat(letters.getFirst().cause()).isInstanceOf(IOException.class);
    assertThat(seen.subList(0, 2)).containsExactly(range(0, 5), range(2, 5));
    List<Long> after = seen.stream().skip(2).flatMap(List::stream).toList();
    assertThat(after).isEqualTo(range(3, 10)); // each record once, in order
  }

  @Test
  void recordThatFailsForTheFirstTimeHasAllItsAttempts() throws Exception {
    assign(5, P0);
    var calls = new AtomicInteger();
    runUntilCommit(
        batches(
                5,
                Duration.ofMillis(1),
                records -> {
                  int call = calls.incrementAndGet();
                  if (call <= 2) { // the first one, then the third
                    throw new BatchFailedException(
                        records.get(2 * (call - 1)), new IOException("not yet"));
                  }
                  keep(records);
                })
            .ordering(Ordering.PARTITION)
            .retry(2, SHORT)
            .deadLetters(letters::add)
            .build(),
        5);
    assertThat(letters).isEmpty();
    assertThat(handled()).isEqualTo(range(2, 5));
  }

  @Test
  void recordThatIsNotInTheBatchIsNoExcuse() throws Exception {
    assign(3, P0);
    var foreign = new ConsumerRecord<>("orders", 7, 0, "k", "v");
    var loop =
        batches(
                3,
                LONG,
                records -> {
                  throw new BatchFailedException(foreign, new IOException("elsewhere"));
                })
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(BatchFailedException.class);
  }

  @Test
  void errorInABatchStopsTheLoopThoughTheHandlerSaysWhichRecord() throws Exception {
    assign(3, P0);
    var loop =
        batches(
                3,
                LONG,
                records -> {
                  throw new BatchFailedException(records.get(1), new LinkageError("no method"));
                })
            .retryForever(SHORT)
            .deadLetters(letters::add)
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(LinkageError.class);
    assertThat(letters).isEmpty();
  }

  @Test
  void recordThatCanNotBeDeserializedLeavesTheBatchAndKeepsItsPlace() throws Exception {
    assign(10, P0);
    List<Long> order = Collections.synchronizedList(new ArrayList<>());
    runUntilCommit(
        batches(
                10,
                Duration.ofMillis(1),
                records -> {
                  keep(records);
                  order.addAll(offsets(records));
                })
            .ordering(Ordering.PARTITION)
            .deserializers(new StringDeserializer(), new Refusing())
            .deadLetters(
                letter -> {
                  letters.add(letter);
                  order.add(letter.record().offset());
                })
            .build(),
        10);
    assertThat(letters).hasSize(1);
    assertThat(letters.getFirst().stage()).isEqualTo(DeadLetter.DESERIALIZE);
    assertThat(order).isEqualTo(range(0, 10));
    assertThat(handled()).doesNotContain(4L).hasSize(9);
  }

  /** Refuses one value. */
  private static final class Refusing extends StringDeserializer {
    @Override
    public String deserialize(String topic, byte[] data) {
      String text = super.deserialize(topic, data);
      if (text.equals("v4")) {
        throw new IllegalArgumentException("not a text");
      }
      return text;
    }
  }

  @Test
  void batchOfAPartitionThatWasTakenAwayIsHandledWithoutItsRecords() throws Exception {
    assign(4, P0, P1);
    var begun = new CountDownLatch(1);
    var gate = new CountDownLatch(1);
    List<TopicPartition> seen = Collections.synchronizedList(new ArrayList<>());
    var loop =
        batches(
                2,
                Duration.ZERO,
                records -> {
                  if (begun.getCount() > 0) {
                    begun.countDown();
                    gate.await();
                    return;
                  }
                  records.forEach(
                      one -> seen.add(new TopicPartition(one.topic(), one.partition())));
                })
            .concurrency(1)
            .revokeTimeout(Duration.ofMillis(20))
            .build();
    var running = start(loop, Context.background());
    begun.await();
    var revoked = new CountDownLatch(1);
    mock.schedulePollTask(
        () -> {
          mock.rebalance(List.of(P0)); // while the next batch waits for the handler
          revoked.countDown();
        });
    revoked.await();
    gate.countDown();
    await().until(() -> committed(P0) == 4 || seen.size() >= 2);
    drain(loop, running);
    assertThat(seen).isNotEmpty().containsOnly(P0);
  }

  @Test
  void sizesThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> batches(0, LONG, this::keep)).hasMessageContaining("size of a batch");
    assertThatThrownBy(() -> batches(1, Duration.ofMillis(-1), this::keep))
        .hasMessageContaining("linger");
  }
}
