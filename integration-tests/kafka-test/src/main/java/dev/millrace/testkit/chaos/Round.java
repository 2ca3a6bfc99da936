package dev.millrace.testkit.chaos;

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
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
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
  private final Program program;
  private final Bounds bounds;
  private final WorkerSettings settings;
  private final Ledger ledger;
  private final Oracle oracle;
  private final TopicReader reader;
  private final Traffic traffic;
  private final Reading reading;
  private final Fleet fleet;
  private final Map<Disturbance, Integer> done = new EnumMap<>(Disturbance.class);

  private Round(Plan plan, Brokers brokers, Path directory, Program program, Bounds bounds) {
    this.plan = plan;
    this.brokers = brokers;
    this.topic = "chaos-" + plan.seed() + "-" + System.nanoTime();
    this.program = program;
    this.bounds = bounds;
    this.settings = settings();
    this.reader = new TopicReader(brokers.bootstrapServers(), topic);
    this.ledger = new Ledger(plan.contents(), plan.failures(), bounds.outputs());
    LogLookup log = plan.contents() == Contents.COMPACTED ? reader : LogLookup.KEEPS_ALL;
    this.oracle = new Oracle(bounds, log, ledger);
    this.traffic = new Traffic(brokers.bootstrapServers(), topic, plan, program);
    this.reading = new Reading(oracle, ledger, brokers.admin(), topic, traffic);
    this.fleet = new Fleet(directory, program.jvm(), settings, plan.statics(), reading);
  }

  private WorkerSettings settings() {
    Map<String, String> values = new HashMap<>(plan.protocol().settings());
    values.put("topic", topic);
    values.put("subject", program.subject());
    values.put("letters", letters());
    if (hasOutputs()) {
      values.put("outputs", outputs());
    }
    if (bounds.retries()) {
      values.put("retry", retries());
    }
    values.put("ordering", plan.ordering().name());
    values.put("concurrency", Integer.toString(plan.concurrency()));
    values.put("failures", Double.toString(plan.failures()));
    values.put("kafka.bootstrap.servers", brokers.bootstrapServers());
    values.put("kafka.group.id", topic);
    values.put("kafka.isolation.level", "read_committed");
    values.put("kafka.max.poll.interval.ms", "15000");
    values.put("kafka.max.poll.records", "100");
    values.put("kafka.request.timeout.ms", "4000");
    values.put("kafka.default.api.timeout.ms", "5000");
    values.put("kafka.reconnect.backoff.max.ms", "300");
    if (plan.has(Disturbance.NEW_PARTITION)) {
      values.put("kafka.metadata.max.age.ms", "3000");
    }
    values.putAll(program.settings());
    return new WorkerSettings(values);
  }

  private boolean isExact() {
    return plan.guarantee() == Guarantee.EXACTLY_ONCE;
  }

  private boolean hasOutputs() {
    return isExact() || program.settings().containsKey(Program.PRODUCES);
  }

  private String letters() {
    return topic + "-letters";
  }

  private String retries() {
    return topic + "-retry";
  }

  private String outputs() {
    return topic + "-outputs";
  }

  /** Runs a round against brokers that may have served others before. */
  static RoundResult run(Plan plan, Brokers brokers, Path directory, Program program, Bounds bounds)
      throws Exception {
    Files.createDirectories(directory);
    LOG.info("seed {}: {}", plan.seed(), plan.describe());
    return new Round(plan, brokers, directory, program, bounds).run();
  }

  private RoundResult run() throws Exception {
    long start = System.nanoTime();
    int lostBefore = brokers.lostCommits();
    String problem = "";
    try {
      createTopic();
      brokers.createTopic(letters(), 1, Map.of());
      if (hasOutputs()) {
        brokers.createTopic(outputs(), OUTPUT_PARTITIONS, Map.of());
      }
      if (bounds.retries()) {
        brokers.createTopic(retries(), OUTPUT_PARTITIONS, Map.of());
      }
      try {
        reading.start();
        begin();
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
      List<String> topics = new ArrayList<>(List.of(topic, letters()));
      topics.addAll(hasOutputs() ? List.of(outputs()) : List.of());
      topics.addAll(bounds.retries() ? List.of(retries()) : List.of());
      brokers.deleteTopics(topics);
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

  /** In a round with a long outage, the partitions of one broker are away for that time. */
  private void createTopic() throws ExecutionException, InterruptedException {
    Map<String, String> configs = new HashMap<>(configs());
    if (plan.has(Disturbance.LONG_OUTAGE)) {
      configs.put("min.insync.replicas", "1");
      brokers.createTopic(topic, PARTITIONS, 1, configs);
    } else {
      brokers.createTopic(topic, PARTITIONS, configs);
    }
  }

  private void readWhatIsThere() throws InterruptedException {
    reader.readAll(
        record -> {
          if (Traffic.isMarked(record)) {
            oracle.marked(record.partition(), record.offset());
          } else {
            oracle.produced(record.partition(), record.offset(), "");
            ledger.inputLeft(record.partition(), record.offset(), text(record.value()));
          }
        });
    var letters = new TopicReader(brokers.bootstrapServers(), letters());
    letters.awaitNoOpenTransaction();
    LetterLookup lookup = program.letters();
    if (lookup != null) {
      letters.readAll(letter -> letter(lookup.of(letter)));
    }
    if (isExact()) {
      var outputs = new TopicReader(brokers.bootstrapServers(), outputs());
      outputs.awaitNoOpenTransaction();
      outputs.readAll(
          record ->
              ledger.output(
                  record.partition(), text(record.key()), Derived.parse(text(record.value()))));
    }
  }

  private static String text(byte[] value) {
    return new String(value, StandardCharsets.UTF_8);
  }

  private void letter(LetterLookup.Position position) {
    oracle.letter(position.partition(), position.offset());
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

  /**
   * Starts the workers and the traffic. A group that begins at the ends of the logs must have
   * committed its start before the first record. A group without a reset gets commits first.
   */
  private void begin() throws Exception {
    String reset = program.settings().getOrDefault(Program.RESET, "earliest");
    if (reset.equals("none")) {
      commitTheBeginning();
    }
    boolean atTheEnd = reset.equals("latest");
    if (!atTheEnd) {
      traffic.start();
    }
    for (int i = 0; i < WORKERS; i++) {
      fleet.join();
    }
    if (atTheEnd) {
      if (!await(FIRST_RECORDS, () -> reading.committed().size() == PARTITIONS)) {
        throw new IllegalStateException(
            "the group has not committed its start for " + FIRST_RECORDS.toSeconds() + " s");
      }
      traffic.start();
    }
  }

  private void commitTheBeginning() throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (int i = 0; i < PARTITIONS; i++) {
      offsets.put(new TopicPartition(topic, i), new OffsetAndMetadata(0));
    }
    brokers.admin().alterConsumerGroupOffsets(topic, offsets).all().get();
  }

  private void disturb() throws Exception {
    if (!await(FIRST_RECORDS, this::hasCommittedRecords)) {
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

  private boolean hasCommittedRecords() {
    return reading.committed().values().stream().anyMatch(offset -> offset > 0);
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
    reader.awaitNoOpenTransaction();
    Map<Integer, Long> ends = new HashMap<>(reader.readAll(record -> {}));
    ends.values().removeIf(end -> end == 0);
    if (!await(ALL_DONE, () -> isCommitted(ends))) {
      reading.complain(
          Invariant.PROGRESS,
          "not all is processed and committed %d s after the last disturbance"
              .formatted(ALL_DONE.toSeconds()));
    }
    if (bounds.retries() && !reading.isViolated()) {
      awaitRetries();
    }
    fleet.endAll(ALL_ENDED.toMillis());
    Thread.sleep(500); // until the last logs have been read
  }

  /** No record goes to the retry topic any more: all records of the inputs are committed. */
  private void awaitRetries() throws Exception {
    var retried = new TopicReader(brokers.bootstrapServers(), retries());
    Map<TopicPartition, Long> ends = new HashMap<>();
    retried
        .readAll(record -> {})
        .forEach((partition, end) -> ends.put(new TopicPartition(retries(), partition), end));
    retried.close();
    ends.values().removeIf(end -> end == 0);
    LOG.info("the retry topic has {}", ends);
    boolean done =
        await(
            ALL_DONE,
            () ->
                ends.entrySet().stream()
                    .allMatch(
                        end ->
                            reading.committedElsewhere().getOrDefault(end.getKey(), 0L)
                                >= end.getValue()));
    if (!done) {
      reading.complain(Invariant.PROGRESS, "the retry topic is not committed to its ends " + ends);
    }
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
