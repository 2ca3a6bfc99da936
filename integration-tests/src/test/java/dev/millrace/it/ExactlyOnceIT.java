package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.errors.Causes;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.it.RebalanceIT.Protocol;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.TransactionalHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Consume, transform, produce: a reader of committed records sees the outputs of each input once,
 * whatever happens.
 */
@ParameterizedClass
@EnumSource(Face.class)
class ExactlyOnceIT extends WithTransactions {

  private final Map<Integer, Set<TopicPartition>> current = new ConcurrentHashMap<>();
  private final Map<TopicPartition, Ownerships> ownerships = new ConcurrentHashMap<>();

  private TransactionalHandler<String, String, String, String> slowly() {
    return (record, output) -> {
      output.send(invoice(record));
      Work.pretend(5);
      count(record.value());
    };
  }

  @ParameterizedTest
  @EnumSource(Ordering.class)
  void eachInputHasOneOutput(Ordering ordering) throws Exception {
    produce(0, 2_000);
    var running =
        start(
            transactional(Map.of(), (record, output) -> output.send(invoice(record)))
                .ordering(ordering)
                .build());
    awaitCommitted(2_000);
    running.drain();
    assertEachInputHasOneOutputInOrder(2_000); // in order, whatever the order of handling
    assertThat(errors).isEmpty();
  }

  @Test
  void failuresOfHandlersAndDeadLettersArePartOfIt() throws Exception {
    String dead = topic + "-dead";
    createTopic(dead, PARTITIONS);
    produce(0, 1_000);
    Set<String> failed = ConcurrentHashMap.newKeySet();
    var running =
        start(
            transactional(
                    Map.of(),
                    (record, output) -> {
                      output.send(invoice(record));
                      if (record.key().equals("key-7")) {
                        throw new IOException("poison");
                      }
                      if (record.value().endsWith("3") && failed.add(record.value())) {
                        throw new IOException("not yet");
                      }
                    })
                .retry(2, Backoff.fixed(Duration.ofMillis(2)))
                .deadLetterTopic(dead)
                .build());
    awaitCommitted(1_000);
    running.drain();
    assertThat(failed).hasSize(100);
    Map<String, List<String>> outputs = read(invoices);
    assertThat(outputs).doesNotContainKey("key-7").hasSize(99);
    assertThat(outputs.values()).allMatch(values -> values.size() == 10);
    assertThat(outputs.values().stream().flatMap(List::stream)).doesNotHaveDuplicates();
    assertThat(read(dead).get("key-7")).hasSize(10).doesNotHaveDuplicates();
  }

  /** Each refusal aborts a transaction. */
  @Test
  void outputThatTheBrokerRefusesIsADeadLetterAndTheOthersAreProducedOnce() throws Exception {
    String dead = topic + "-dead";
    createTopic(dead, PARTITIONS);
    produce(0, 500);
    var running =
        start(
            transactional(
                    Map.of(),
                    (record, output) -> {
                      output.send(invoice(record));
                      if (record.key().equals("key-7")) {
                        output.send(new ProducerRecord<>(invoices, "key-7", "x".repeat(5_000)));
                      }
                    })
                .producerProperties(Map.of("max.request.size", 4_000))
                .deadLetterTopic(dead)
                .build());
    awaitCommitted(500);
    running.drain();
    Map<String, List<String>> outputs = read(invoices);
    assertThat(outputs).doesNotContainKey("key-7").hasSize(99);
    assertThat(outputs.values()).allMatch(values -> values.size() == 5);
    assertThat(read(dead).get("key-7")).hasSize(5).doesNotHaveDuplicates();
  }

  @Test
  void producersThatAreFencedAgainAndAgainAreReplaced() throws Exception {
    produce(0, 2_000);
    var running = start(transactional(Map.of(), slowly()).concurrency(8).build());
    int fenced = 0;
    while (handled.size() < 2_000) {
      List<String> ids =
          admin().listTransactions().all().get().stream()
              .map(listing -> listing.transactionalId())
              .filter(id -> id.startsWith(group))
              .toList();
      admin().fenceProducers(ids).all().get();
      fenced += ids.size();
      TimeUnit.MILLISECONDS.sleep(100); // sets the rate; no synchronisation
    }
    awaitCommitted(2_000);
    running.drain();
    assertThat(fenced).isGreaterThan(1);
    assertThat(errors).anyMatch(e -> Causes.find(e, ProducerFencedException.class) != null);
    assertEachInputHasOneOutputInOrder(2_000);
    assertThat(repeated()).isZero(); // no record is handled again for it
  }

  /**
   * The second loop may come at any moment of a transaction of the first one. If the first loop
   * commits in the moment in which it is fenced, Kafka 4.3.1 answers with an unknown error.
   */
  @Test
  void secondLoopWithTheSameTransactionalIdStopsTheFirst() throws Exception {
    Map<String, Object> name = Map.of("transactional.id", topic + "-1");
    produce(0, 500);
    var first = start(transactional(Map.of(), slowly()).producerProperties(name).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> committed() > 0);
    var second = start(transactional(Map.of(), slowly()).producerProperties(name).build());
    var records = new AtomicInteger(500);
    await() // the first loop notices the second one when it commits
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              int from = records.getAndAdd(100);
              produce(from, from + 100);
              return first.task().isDone() || second.task().isDone();
            });
    assertThat(second.task()).isNotDone(); // the newer loop is the one that stays
    assertThatThrownBy(() -> first.task().get())
        .hasMessageContaining(topic + "-1")
        .satisfiesAnyOf(
            e -> assertThat(Causes.find(e, ProducerFencedException.class)).isNotNull(),
            e -> assertThat(e).hasStackTraceContaining("Unhandled error in EndTxnResponse"));
    awaitCommitted(records.get());
    second.drain();
    assertEachInputHasOneOutputInOrder(records.get());
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void partitionsThatMoveTakeTheirTransactionsWithThem(Protocol protocol) throws Exception {
    produce(0, 3_000);
    var first = start(member(1, protocol).build());
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() > 300);
    var second = start(member(2, protocol).build());
    var records = new AtomicInteger(3_000);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              if (records.get() < 12_000) { // so that there is work while partitions move
                int from = records.getAndAdd(200);
                produce(from, from + 200);
              }
              return has(1) == 3 && has(2) == 3;
            });
    first.drain();
    awaitCommitted(records.get());
    second.drain();
    assertEachInputHasOneOutputInOrder(records.get());
    assertOnlyRecordsBehindUnhandledOnesAreRepeated();
  }

  private FaceBuilder member(int number, Protocol protocol) {
    return member(number, protocol.properties());
  }

  private FaceBuilder member(int number, Map<String, Object> properties) {
    return transactional(
            properties,
            (record, output) -> {
              slowly().handle(record, output);
              ownership(record.topic(), record.partition()).handled(record.offset());
            })
        .concurrency(8)
        .onNotification(
            change -> {
              change.released().forEach(it -> ownership(it.topic(), it.partition()).ends());
              current.put(number, change.current());
            });
  }

  private Ownerships ownership(String topic, int partition) {
    return ownerships.computeIfAbsent(new TopicPartition(topic, partition), it -> new Ownerships());
  }

  /**
   * A transaction has the records up to the first unhandled one. The records that were handled
   * behind it are handled again when the partition moves, and no others.
   */
  private void assertOnlyRecordsBehindUnhandledOnesAreRepeated() {
    ownerships.forEach(
        (name, all) ->
            assertThat(all.repeated())
                .as("records of %s that were all handled and not committed", name)
                .allMatch(all::isBehindALaterOne));
  }

  /** In which ownership of a partition each of its records was handled first. */
  private static final class Ownerships {
    private final Map<Long, Integer> first = new HashMap<>();
    private final List<Long> repeated = new ArrayList<>();
    private int ended;

    synchronized void handled(long offset) {
      if (first.putIfAbsent(offset, ended) != null) {
        repeated.add(offset);
      }
    }

    synchronized void ends() {
      ended++;
    }

    synchronized List<Long> repeated() {
      return List.copyOf(repeated);
    }

    /** Whether a record before this one was not handled in the first ownership of this one. */
    synchronized boolean isBehindALaterOne(long offset) {
      int owner = first.get(offset);
      return first.entrySet().stream()
          .anyMatch(one -> one.getKey() < offset && one.getValue() > owner);
    }
  }

  private int has(int member) {
    return current.getOrDefault(member, Set.of()).size();
  }

  @Test
  void loopsThatAreCancelledInTheMiddleLeaveNothingHalfDone() throws Exception {
    produce(0, 2_000);
    for (int kills = 0, until = 200; kills < 4; kills++, until += 200) {
      int enough = until;
      try (var context = Context.background().withCancel()) {
        var loop = transactional(Map.of(), slowly()).concurrency(8).build();
        var task =
            new FutureTask<>(
                () -> {
                  loop.run(context);
                  return "ended";
                });
        Thread.ofVirtual().start(task);
        await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() > enough);
        context.cancel();
        assertThatThrownBy(() -> task.get(30, TimeUnit.SECONDS))
            .hasCauseInstanceOf(CancellationException.class);
      }
    }
    var last = start(transactional(Map.of(), slowly()).build());
    awaitCommitted(2_000);
    last.drain();
    assertEachInputHasOneOutputInOrder(2_000);
  }

  /** A member that is thrown out of its group, does not know it yet, and commits. */
  @ParameterizedTest
  @EnumSource(Protocol.class)
  void zombieCommitsNothingAndItsWorkIsDoneByOthers(Protocol protocol) throws Exception {
    produce(0, 3_000);
    var awake = new CountDownLatch(1);
    var asleep = new CountDownLatch(1);
    var sleeps = new AtomicBoolean(true);
    Map<String, Object> properties = new HashMap<>(protocol.properties());
    properties.put("max.poll.interval.ms", 2_000);
    var zombie =
        start(
            member(1, properties)
                .revokeTimeout(Duration.ofSeconds(1))
                .observer(
                    new ConsumerObserver() {
                      @Override
                      public void committed(String name, Duration took) { // in the poll thread
                        if (handled.size() > 300 && sleeps.getAndSet(false)) {
                          asleep.countDown();
                          try {
                            awake.await();
                          } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                          }
                        }
                      }
                    })
                .build());
    Running owner;
    try {
      assertThat(asleep.await(30, TimeUnit.SECONDS)).isTrue();
      owner = start(member(2, protocol).build());
      await().atMost(Duration.ofSeconds(40)).until(() -> has(2) == PARTITIONS);
      await().atMost(Duration.ofSeconds(40)).until(() -> committed() > 1_500);
    } finally {
      awake.countDown();
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                Stream.of(errors.toArray(Exception[]::new))
                    .anyMatch(e -> Causes.find(e, CommitFailedException.class) != null));
    awaitCommitted(3_000);
    zombie.drain();
    owner.drain();
    assertEachInputHasOneOutputInOrder(3_000);
    assertThat(repeated()).isPositive(); // records that the zombie handled and did not commit
  }
}
