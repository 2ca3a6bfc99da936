package dev.millrace.testkit.chaos;

import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.testkit.chaos.Plan.Contents;
import dev.millrace.testkit.chaos.Plan.Step;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One round: a topic, a group of workers, traffic, and the disturbances of a plan. At the end all
 * records must be processed. Blocks while it runs, and leaves no process.
 */
final class Round {

  private static final Logger LOG = LoggerFactory.getLogger(Round.class);

  static final int PARTITIONS = 6;
  private static final int OUTPUT_PARTITIONS = 3;
  private static final int WORKERS = 3;
  private static final Duration FIRST_RECORDS = Duration.ofMinutes(3);
  private static final Duration ALL_DONE = Duration.ofSeconds(90);
  private static final Duration ALL_ENDED = Duration.ofSeconds(40);

  private final Plan plan;
  private final Brokers brokers;
  private final String topic;
  private final WorkerSettings settings;
  private final Bounds bounds;
  private final Ledger ledger;
  private final Oracle oracle;
  private final TopicReader reader;
  private final Traffic traffic;
  private final Reading reading;
  private final Fleet fleet;
  private final Map<Disturbance, Integer> done = new EnumMap<>(Disturbance.class);

  private Round(Plan plan, Brokers brokers, Path directory, String face, Defect defect) {
    this.plan = plan;
    this.brokers = brokers;
    this.topic = "chaos-" + plan.seed() + "-" + System.nanoTime();
    this.settings =
        settings().with("face", face).with("defect", defect.name().toLowerCase(Locale.ROOT));
    this.bounds = bounds(plan, defect == Defect.NONE ? 2 : 1);
    this.reader = new TopicReader(brokers.bootstrapServers(), topic);
    this.ledger = new Ledger(plan.contents(), plan.failures());
    LogLookup log = plan.contents() == Contents.COMPACTED ? reader : LogLookup.KEEPS_ALL;
    this.oracle = new Oracle(bounds, log, ledger);
    this.traffic = new Traffic(brokers.bootstrapServers(), topic, plan);
    this.reading = new Reading(oracle, ledger, brokers.admin(), topic, traffic);
    this.fleet = new Fleet(directory, this.settings, plan.statics(), reading);
  }

  private WorkerSettings settings() {
    Map<String, String> values = new HashMap<>(plan.protocol().settings());
    values.put("topic", topic);
    values.put("letters", letters());
    if (isExact()) {
      values.put("outputs", outputs());
    }
    values.put("ordering", plan.ordering().name());
    values.put("concurrency", Integer.toString(plan.concurrency()));
    values.put("failures", Double.toString(plan.failures()));
    values.put("slowest", "1500");
    values.put("kafka.bootstrap.servers", brokers.bootstrapServers());
    values.put("kafka.group.id", topic);
    values.put("kafka.isolation.level", "read_committed");
    values.put("kafka.max.poll.interval.ms", "15000");
    values.put("kafka.max.poll.records", "100");
    values.put("kafka.request.timeout.ms", "4000");
    values.put("kafka.default.api.timeout.ms", "5000");
    values.put("kafka.reconnect.backoff.max.ms", "300");
    return new WorkerSettings(values);
  }

  private boolean isExact() {
    return plan.guarantee() == Guarantee.EXACTLY_ONCE;
  }

  private String letters() {
    return topic + "-letters";
  }

  private String outputs() {
    return topic + "-outputs";
  }

  /**
   * The bounds that hold in a round.
   *
   * @param patience a factor for the waits of the oracle; lower for planted defects
   */
  private static Bounds bounds(Plan plan, int patience) {
    return new Bounds(
        plan.guarantee(),
        plan.ordering(),
        plan.concurrency(),
        64 << 20,
        // A revoke, a commit, and a request for the committed offsets, one after the other.
        Duration.ofSeconds(6).multipliedBy(patience),
        Duration.ofSeconds(10).multipliedBy(patience),
        Duration.ofSeconds(10).multipliedBy(patience),
        Duration.ofSeconds(10), // a session and a rebalance
        500, // twice commitEvery, plus one poll
        500);
  }

  /** Runs a round against brokers that may have served others before. */
  static RoundResult run(Plan plan, Brokers brokers, Path directory, String face, Defect defect)
      throws Exception {
    Files.createDirectories(directory);
    LOG.info("seed {}: {}", plan.seed(), plan.describe());
    return new Round(plan, brokers, directory, face, defect).run();
  }

  private RoundResult run() throws Exception {
    long start = System.nanoTime();
    int lostBefore = brokers.lostCommits();
    String problem = "";
    try {
      brokers.createTopic(topic, PARTITIONS, configs());
      brokers.createTopic(letters(), 1, Map.of());
      if (isExact()) {
        brokers.createTopic(outputs(), OUTPUT_PARTITIONS, Map.of());
      }
      try {
        traffic.start();
        reading.start();
        disturb();
        calmDown();
      } finally {
        fleet.killAll();
        brokers.restart();
        traffic.close();
        reading.close();
      }
      if (oracle.violations().isEmpty()) {
        readWhatIsThere();
        oracle.end();
      }
      brokers.deleteTopics(
          isExact() ? List.of(topic, letters(), outputs()) : List.of(topic, letters()));
    } catch (IOException | ExecutionException | RuntimeException e) {
      problem =
          e.toString(); // for example, brokers that do not come back because the machine is too
      // busy
      LOG.warn("seed {} could not be finished", plan.seed(), e);
    }
    reader.close();
    int lost = brokers.lostCommits() - lostBefore;
    var took = Duration.ofNanos(System.nanoTime() - start);
    return RoundResult.of(plan, brokers.size(), done, oracle, lost, took, problem);
  }

  private void readWhatIsThere() throws InterruptedException {
    reader.readAll(
        record -> {
          oracle.produced(record.partition(), record.offset(), "");
          ledger.inputLeft(record.partition(), record.offset(), text(record.value()));
        });
    var letters = new TopicReader(brokers.bootstrapServers(), letters());
    letters.awaitNoOpenTransaction();
    letters.readAll(this::letter);
    if (isExact()) {
      var outputs = new TopicReader(brokers.bootstrapServers(), outputs());
      outputs.awaitNoOpenTransaction();
      outputs.readAll(
          record -> ledger.output(record.partition(), Derived.parse(text(record.value()))));
    }
  }

  private static String text(byte[] value) {
    return new String(value, StandardCharsets.UTF_8);
  }

  private void letter(ConsumerRecord<byte[], byte[]> letter) {
    oracle.letter(
        Integer.parseInt(header(letter, DeadLetterHeaders.PARTITION)),
        Long.parseLong(header(letter, DeadLetterHeaders.OFFSET)));
  }

  private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
    return text(letter.headers().lastHeader(name).value());
  }

  private Map<String, String> configs() {
    return plan.contents() == Contents.COMPACTED
        ? Map.of(
            "cleanup.policy",
            "compact,delete",
            "segment.ms",
            "2000",
            "min.cleanable.dirty.ratio",
            "0.01",
            "min.compaction.lag.ms",
            "5000", // so that a dropped record is still in the log when the loop commits
            "max.compaction.lag.ms",
            "8000")
        : Map.of();
  }

  private void disturb() throws Exception {
    for (int i = 0; i < WORKERS; i++) {
      fleet.join();
    }
    if (!await(FIRST_RECORDS, () -> !reading.committed().isEmpty())) {
      throw new IllegalStateException(
          "nothing was committed for " + FIRST_RECORDS.toSeconds() + " s, before any disturbance");
    }
    var conductor = new Conductor(plan.guarantee(), topic, brokers, fleet, traffic, reading);
    for (Step step : plan.steps()) {
      if (reading.isViolated()) {
        break;
      }
      conductor.disturb(step);
      done.merge(step.what(), 1, Integer::sum);
      conductor.pause(step.pause());
    }
    conductor.repairAll();
  }

  /**
   * The time after the last disturbance: all records must be processed and committed, and then all
   * workers must end.
   */
  private void calmDown() throws Exception {
    if (reading.isViolated()) {
      return;
    }
    while (fleet.working().size() < 2) {
      fleet.join();
    }
    traffic.close();
    Map<Integer, Long> ends = new HashMap<>(reader.readAll(record -> {}));
    ends.values().removeIf(end -> end == 0);
    if (!await(ALL_DONE, () -> isCommitted(ends))) {
      reading.complain(
          Invariant.PROGRESS,
          "not all is processed and committed %d s after the last disturbance"
              .formatted(ALL_DONE.toSeconds()));
    }
    fleet.endAll(ALL_ENDED.toMillis());
    Thread.sleep(500); // until the last logs have been read
  }

  private boolean isCommitted(Map<Integer, Long> ends) {
    Map<Integer, Long> committed = reading.committed();
    List<Integer> behind = new ArrayList<>();
    ends.forEach(
        (partition, end) -> {
          if (committed.getOrDefault(partition, 0L) < end) {
            behind.add(partition);
          }
        });
    return behind.isEmpty();
  }

  /**
   * Waits for the condition, or until an invariant is broken. Returns whether one of them was the
   * case in time.
   */
  private boolean await(Duration atMost, BooleanSupplier is) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!is.getAsBoolean() && !reading.isViolated()) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      Thread.sleep(100); // there is nothing to be notified by
    }
    return true;
  }
}
