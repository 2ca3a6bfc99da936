package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.Ordering;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Records wait for each other as the order says, and for no other record. */
@ParameterizedClass
@EnumSource(Face.class)
class OrderingIT extends WithBroker {

  /** The records that a handler may see; reports any other record. */
  private final class Oracle {
    private final Ordering ordering;
    private final Map<Object, AtomicInteger> running = new ConcurrentHashMap<>();
    private final Map<Object, AtomicLong> last = new ConcurrentHashMap<>();
    private final Set<String> complaints = ConcurrentHashMap.newKeySet();
    private final AtomicInteger together = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

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

    void handle(ConsumerRecord<String, String> record) throws InterruptedException {
      most.accumulateAndGet(together.incrementAndGet(), Math::max);
      Object lane = lane(record);
      var runs = running.computeIfAbsent(lane, l -> new AtomicInteger());
      if (runs.incrementAndGet() > 1) {
        complaints.add("two at the same time of " + lane);
      }
      long before = last.computeIfAbsent(lane, l -> new AtomicLong(-1)).getAndSet(record.offset());
      if (before >= record.offset()) {
        complaints.add(lane + " went from " + before + " to " + record.offset());
      }
      if (ThreadLocalRandom.current().nextInt(10) == 0) {
        Work.pretend(2);
      }
      runs.decrementAndGet();
      together.decrementAndGet();
      count(record.value());
    }
  }

  @ParameterizedTest
  @EnumSource(Ordering.class)
  void orderIsKeptAndConcurrencyIsBounded(Ordering ordering) throws Exception {
    produce(0, 4_000);
    var oracle = new Oracle(ordering);
    var running =
        start(builder(Map.of()).ordering(ordering).concurrency(16).handler(oracle::handle).build());
    await().atMost(Duration.ofSeconds(60)).until(() -> committed() == 4_000);
    running.drain();
    assertThat(oracle.complaints).isEmpty();
    assertThat(oracle.most.get()).isBetween(2, ordering == Ordering.PARTITION ? PARTITIONS : 16);
    assertThat(repeated()).isZero();
  }

  @Test
  void hotKeyDoesNotStopTheOthers() throws Exception {
    produceTo(0, "hot", 0, 2_000);
    produceTo(0, "cold", 2_000, 2_100);
    produceTo(0, null, 2_100, 2_200);
    var gate = new CountDownLatch(1);
    var running =
        start(
            builder(Map.of())
                .ordering(Ordering.KEY)
                .buffer(100)
                .handler(
                    record -> {
                      if ("hot".equals(record.key())) {
                        gate.await();
                      }
                      count(record.value());
                    })
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() == 200);
    gate.countDown();
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 2_200);
    running.drain();
  }

  /** kpipe pauses all partitions at once; and no member leaves its group for it. */
  @Test
  void partitionThatIsFullStopsNeitherTheOthersNorThePolling() throws Exception {
    var released = new AtomicInteger();
    var gate = new CountDownLatch(1);
    List<Integer> begun = Collections.synchronizedList(new ArrayList<>());
    produceTo(0, "slow", 0, 2_000);
    var running =
        start(
            builder(Map.of("max.poll.interval.ms", 2_000, "max.poll.records", 100))
                .revokeTimeout(Duration.ofSeconds(1))
                .buffer(50)
                .lookAhead(200)
                .handler(
                    record -> {
                      if (record.partition() == 0) {
                        begun.add(record.partition());
                        gate.await();
                      }
                      count(record.value());
                    })
                .onNotification(change -> released.addAndGet(change.released().size()))
                .build());
    await().atMost(Duration.ofSeconds(30)).until(() -> !begun.isEmpty());
    long until = System.nanoTime() + Duration.ofSeconds(4).toNanos();
    int produced = 0;
    while (System.nanoTime() < until) {
      produceTo(1, "fast", 2_000 + produced, 2_100 + produced);
      produced += 100;
      int all = produced;
      await().atMost(Duration.ofSeconds(20)).until(() -> handled.size() == all);
    }
    assertThat(begun).hasSize(1);
    assertThat(released).hasValue(0);
    gate.countDown();
    await().atMost(Duration.ofSeconds(30)).until(() -> committed(0) == 2_000);
    running.drain();
    assertThat(repeated()).isZero();
  }
}
