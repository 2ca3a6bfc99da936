package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Loop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The promises of the loop, against a real broker. */
@ParameterizedClass
@EnumSource(Face.class)
class KafkaLoopIT extends WithBroker {

  @Test
  void everythingProducedIsHandled() throws Exception {
    produce(0, 20_000);
    var running = start(builder(Map.of()).build());
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == 20_000);
    await().until(() -> committed() == 20_000);
    running.drain();
    assertThat(handled.values()).allMatch(count -> count.get() == 1);
  }

  @Test
  void restartResumesAtTheCommit() throws Exception {
    produce(0, 5_000);
    var first = start(builder(Map.of()).build());
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() >= 2_000);
    first.drain();
    int before = handled.size();
    assertThat(committed()).isEqualTo(before);
    produce(5_000, 6_000);
    var second = start(builder(Map.of()).build());
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == 6_000);
    second.drain();
    assertThat(handled.values()).allMatch(count -> count.get() == 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"eager", "cooperative", "consumer"})
  void rebalanceBetweenTwoMembersLosesNothing(String protocol) throws Exception {
    Map<String, Object> properties =
        switch (protocol) {
          case "eager" ->
              Map.of(
                  "partition.assignment.strategy",
                  "org.apache.kafka.clients.consumer.RangeAssignor");
          case "cooperative" ->
              Map.of(
                  "partition.assignment.strategy",
                  "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
          default -> Map.of("group.protocol", "consumer");
        };
    Set<String> byFirst = ConcurrentHashMap.newKeySet();
    Set<String> bySecond = ConcurrentHashMap.newKeySet();
    var stop = new AtomicBoolean();
    var produced = new AtomicInteger();
    var producing =
        new FutureTask<>(
            () -> {
              while (!stop.get()) {
                produce(produced.get(), produced.get() + 200);
                produced.addAndGet(200);
              }
              return produced.get();
            });
    Thread.ofVirtual().start(producing);
    var first = start(member(quickly(properties), byFirst));
    await().atMost(Duration.ofSeconds(30)).until(() -> byFirst.size() > 500);
    var second = start(member(quickly(properties), bySecond));
    await().atMost(Duration.ofSeconds(30)).until(() -> bySecond.size() > 500);
    first.drain();
    int atLeave = bySecond.size();
    await().atMost(Duration.ofSeconds(30)).until(() -> bySecond.size() > atLeave + 500);
    stop.set(true);
    producing.get();
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == produced.get());
    second.drain();
    assertThat(committed()).isEqualTo(produced.get());
  }

  private Loop member(Map<String, Object> properties, Set<String> mine) {
    return builder(properties)
        .handler(
            record -> {
              count(record.value());
              mine.add(record.value());
            })
        .build();
  }

  /** reactor-kafka#386: a slow consumer stops for good. */
  @Test
  void slowHandlerStaysInTheGroup() throws Exception {
    produce(0, 300);
    var released = new AtomicInteger();
    var running =
        start(
            builder(Map.of("max.poll.interval.ms", 3000, "max.poll.records", 300))
                .concurrency(2)
                .buffer(20)
                .revokeTimeout(Duration.ofSeconds(1))
                .handler(
                    record -> {
                      Work.pretend(30); // 4.5 s in all
                      count(record.value());
                    })
                .onNotification(n -> released.addAndGet(n.released().size()))
                .build());
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == 300);
    assertThat(released).hasValue(0);
    running.drain();
    assertThat(handled.values()).allMatch(count -> count.get() == 1);
  }

  @Test
  void committedOffsetNeverPassesTheLowestUnfinishedRecord() throws Exception {
    produce(0, 6_000);
    Map<Integer, ConcurrentSkipListSet<Long>> unfinished = new ConcurrentHashMap<>();
    var running =
        start(
            builder(Map.of())
                .concurrency(64)
                .commitInterval(Duration.ofMillis(10))
                .handler(
                    record -> {
                      var set =
                          unfinished.computeIfAbsent(
                              record.partition(), p -> new ConcurrentSkipListSet<>());
                      set.add(record.offset());
                      if (record.offset() % 97 == 0) {
                        Work.pretend(200); // the record that holds the others back
                      }
                      set.remove(record.offset());
                      count(record.value());
                    })
                .build());
    var checks = new AtomicLong();
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(5))
        .until(
            () -> {
              // A record that is unfinished after the committed offset was read was unfinished
              // before, too.
              var offsets =
                  admin().listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
              unfinished.forEach(
                  (partition, set) -> {
                    var offset = offsets.get(new TopicPartition(topic, partition));
                    Long lowest = set.ceiling(0L); // in one step: the set changes meanwhile
                    if (offset != null && lowest != null) {
                      checks.incrementAndGet();
                      assertThat(offset.offset()).isLessThanOrEqualTo(lowest);
                    }
                  });
              return handled.size() == 6_000;
            });
    assertThat(checks.get()).isPositive();
    running.drain();
  }

  @Test
  void closeEndsByItsDeadlineThoughHandlersHang() throws Exception {
    produce(0, 100);
    List<Long> started = new ArrayList<>();
    var running =
        start(
            builder(Map.of())
                .concurrency(4)
                .handler(
                    record -> {
                      synchronized (started) {
                        started.add(record.offset());
                      }
                      new CountDownLatch(1).await();
                    })
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> started.size() == 4);
    running.loop().drain(Duration.ofMillis(200)); // returns although no handler ends by itself
    assertThat(running.task().get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(committed()).isZero();
  }
}
