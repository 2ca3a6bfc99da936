package dev.millrace.testkit.chaos.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import dev.millrace.testkit.simulation.Exploration;
import dev.millrace.testkit.simulation.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The simulated broker and its clients answer as a real broker and Kafka's clients do: the same
 * calls are made on both. {@code -Dcomparison.seeds=…} says how many conversations there are,
 * {@code -Dcomparison.first=…} from which seed on, {@code -Dcomparison.long=true} lets members fall
 * asleep.
 */
@KafkaTest
@Timeout(3600)
class BrokerComparisonIT {

  private static final int AT_ONCE = 6;
  private static final List<String> PROTOCOLS = List.of("EAGER", "COOPERATIVE", "CONSUMER");

  static {
    // Kafka logs a request whose toString does not end. If the JVM makes its first stack trace
    // then, a class of the JDK can never be used again.
    StackTraceElement[] _ = new Throwable().getStackTrace();
  }

  private final TestKafka kafka;

  BrokerComparisonIT(TestKafka kafka) {
    this.kafka = kafka;
  }

  @Test
  void simulatedBrokerAnswersAsARealOneDoes() throws Exception {
    long first = Long.getLong("comparison.first", 1);
    int seeds = Integer.getInteger("comparison.seeds", 12);
    List<Recording> recordings = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<Recording>> all =
          LongStream.range(first, first + seeds)
              .mapToObj(seed -> threads.submit(() -> record(seed)))
              .toList();
      for (Future<Recording> one : all) {
        recordings.add(one.get());
      }
    }
    List<String> differences = new ArrayList<>();
    long calls = 0;
    for (Recording one : recordings) {
      calls += one.text().lines().count() - 2;
      Throwable failure =
          Exploration.explore(
                  new Simulation(SimulatedConversation.class, one.text()),
                  one.seed(),
                  1,
                  Duration.ofMinutes(1))
              .failure();
      if (failure != null) {
        differences.add("seed %d: %s".formatted(one.seed(), failure));
      }
    }
    System.out.printf(
        "comparison: %d conversations from seed %d, %d answers, %d differ%n",
        seeds, first, calls, differences.size());
    assertThat(differences).isEmpty();
  }

  private record Recording(long seed, String text) {}

  private Recording record(long seed) throws ExecutionException, InterruptedException {
    String protocol = PROTOCOLS.get((int) Long.remainderUnsigned(seed, PROTOCOLS.size()));
    boolean isLong = Boolean.getBoolean("comparison.long");
    String topic = "talk-" + UUID.randomUUID();
    kafka.createTopic(topic, Conversation.PARTITIONS);
    List<String> answers = new Conversation(seed, new Real(topic, protocol), isLong).run();
    return new Recording(seed, protocol + "\n" + isLong + "\n" + String.join("\n", answers));
  }

  private final class Real implements Conversation.Place {
    private final String topic;
    private final String protocol;

    Real(String topic, String protocol) {
      this.topic = topic;
      this.protocol = protocol;
    }

    @Override
    public Consumer<byte[], byte[]> consumer(String name, Map<String, String> properties) {
      Map<String, Object> all = new HashMap<>(properties);
      all.put("bootstrap.servers", kafka.bootstrapServers());
      all.put("client.id", name);
      all.put("group.id", "group of " + topic);
      all.put("enable.auto.commit", "false");
      all.put("auto.offset.reset", "none");
      all.put("fetch.max.wait.ms", "20");
      if (protocol.equals("CONSUMER")) {
        all.put("group.protocol", "consumer");
      } else {
        all.put(
            "partition.assignment.strategy",
            "org.apache.kafka.clients.consumer."
                + (protocol.equals("EAGER") ? "RangeAssignor" : "CooperativeStickyAssignor"));
        all.put("session.timeout.ms", "30000");
        all.put("heartbeat.interval.ms", "100");
      }
      return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public Producer<byte[], byte[]> producer(Map<String, String> properties) {
      Map<String, Object> all = new HashMap<>(properties);
      all.put("bootstrap.servers", kafka.bootstrapServers());
      all.computeIfPresent("transactional.id", (key, id) -> id + " of " + topic);
      return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public String topic() {
      return topic;
    }

    @Override
    public String protocol() {
      return protocol;
    }

    @Override
    public void delete(TopicPartition name, long to)
        throws ExecutionException, InterruptedException {
      kafka.admin().deleteRecords(Map.of(name, RecordsToDelete.beforeOffset(to))).all().get();
    }

    @Override
    public void awaitMarkers(String transactionalId) {
      String id = transactionalId + " of " + topic;
      Admin admin = kafka.admin();
      await()
          .pollInterval(Duration.ofMillis(5)) // the broker tells nobody
          .until(
              () -> admin.describeTransactions(Set.of(id)).description(id).get().state(),
              state ->
                  state != TransactionState.PREPARE_COMMIT
                      && state != TransactionState.PREPARE_ABORT);
    }

    @Override
    public Duration calm() {
      return Duration.ofMillis(500);
    }
  }
}
