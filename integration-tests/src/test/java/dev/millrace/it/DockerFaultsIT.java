package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.testkit.DockerBroker;
import dev.millrace.testkit.RequiresDocker;
import dev.millrace.testkit.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The broker's container is disturbed while the loop runs. */
@RequiresDocker
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DockerFaultsIT {

  private static final int PARTITIONS = 3;

  /** The time without acknowledgements before the disturbance ends. */
  private static final Duration OUTAGE = Duration.ofSeconds(3);

  private static DockerBroker broker;
  private static Admin admin;

  private final Set<String> handled = ConcurrentHashMap.newKeySet();
  private final Set<String> complaints = ConcurrentHashMap.newKeySet();
  private final AtomicLong acknowledgedAt = new AtomicLong();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicBoolean stop = new AtomicBoolean();

  /** A disturbance, and its end. */
  enum Fault {
    PAUSE {
      @Override
      void begin() {
        broker.suspend();
      }

      @Override
      void end() {
        broker.resume();
      }
    },
    CUT_NETWORK {
      @Override
      void begin() {
        broker.disconnect();
      }

      @Override
      void end() throws Exception {
        broker.connect();
      }
    },
    KILL {
      @Override
      void begin() throws Exception {
        broker.kill();
      }

      @Override
      void end() throws Exception {
        broker.restart();
      }
    },
    CLEAN_STOP {
      @Override
      void begin() throws Exception {
        broker.stop();
      }

      @Override
      void end() throws Exception {
        broker.restart();
      }
    };

    abstract void begin() throws Exception;

    abstract void end() throws Exception;
  }

  @BeforeAll
  static void startBroker() throws Exception {
    broker = DockerBroker.start();
    admin = broker.admin();
  }

  @AfterAll
  static void stopBroker() {
    admin.close();
    broker.close();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void nothingIsLostAndCommitsNeverGoBack(Fault fault) throws Exception {
    String topic = "disturbed-by-" + fault;
    Topics.create(admin, List.of(new NewTopic(topic, PARTITIONS, (short) 1)));
    var loop = loop(topic);
    var looping = task(() -> loop.run(Context.background()));
    var producing = task(() -> produce(topic));
    var watching = task(() -> watch(topic));

    await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() > 500);
    fault.begin();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> System.nanoTime() - acknowledgedAt.get() > OUTAGE.toNanos());
    fault.end();
    long before = acknowledged.get();
    await().atMost(Duration.ofSeconds(60)).until(() -> acknowledged.get() > before + 500);
    stop.set(true);
    producing.get(60, TimeUnit.SECONDS);
    watching.get(30, TimeUnit.SECONDS);

    long all = acknowledged.get();
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(topic) == all);
    assertThat(handled).hasSize((int) all);
    assertThat(complaints).isEmpty();
    loop.drain(Duration.ofSeconds(10));
    looping.get(50, TimeUnit.SECONDS);
  }

  /** Runs in a thread of its own. */
  private interface Work {
    void run() throws Exception;
  }

  private static FutureTask<Boolean> task(Work work) {
    var task =
        new FutureTask<>(
            () -> {
              work.run();
              return true;
            });
    Thread.ofVirtual().start(task);
    return task;
  }

  private KafkaLoop<String, String> loop(String topic) {
    return KafkaLoop.<String, String>builder()
        .properties(
            Map.<String, Object>of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "group.id",
                "group-" + topic,
                "request.timeout.ms",
                5_000))
        .deserializers(new StringDeserializer(), new StringDeserializer())
        .topics(topic)
        .concurrency(8)
        .commitInterval(Duration.ofMillis(50))
        .handler(record -> handled.add(record.value()))
        .onError(survived -> {})
        .build();
  }

  /** Produces records one after the other; retries each record until it is acknowledged. */
  private void produce(String topic) throws Exception {
    Map<String, Object> properties =
        Map.of("bootstrap.servers", broker.bootstrapServers(), "request.timeout.ms", 5_000);
    try (var producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      while (!stop.get()) {
        String value = "value-" + acknowledged.get();
        producer.send(new ProducerRecord<>(topic, value, value)).get();
        acknowledgedAt.set(System.nanoTime());
        acknowledged.incrementAndGet();
      }
    }
  }

  /** Checks the commits while records are produced. A broker that is away cannot be asked. */
  private void watch(String topic) throws Exception {
    Map<TopicPartition, Long> last = new HashMap<>();
    while (!stop.get()) {
      try {
        commits(topic)
            .forEach(
                (partition, now) -> {
                  Long before = last.put(partition, now);
                  if (before != null && before > now) {
                    complaints.add(partition + " went from " + before + " to " + now);
                  }
                });
      } catch (ExecutionException | TimeoutException e) {
        // asks again
      }
    }
  }

  private static Map<TopicPartition, Long> commits(String topic) throws Exception {
    Map<TopicPartition, Long> commits = new HashMap<>();
    admin
        .listConsumerGroupOffsets("group-" + topic)
        .partitionsToOffsetAndMetadata()
        .get(2, TimeUnit.SECONDS)
        .forEach(
            (partition, offset) -> {
              if (offset != null) {
                commits.put(partition, offset.offset());
              }
            });
    return commits;
  }

  private static long committed(String topic) {
    try {
      return commits(topic).values().stream().mapToLong(Long::longValue).sum();
    } catch (Exception e) {
      return -1;
    }
  }
}
