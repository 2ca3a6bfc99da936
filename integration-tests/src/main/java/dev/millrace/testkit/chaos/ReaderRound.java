package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.Plan.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One round of loops without a group: each worker has fixed partitions, and its successor goes on
 * at its last position. Blocks while it runs, and leaves no process.
 */
final class ReaderRound extends LoggedRound {

  private static final Set<Disturbance> KINDS =
      EnumSet.of(
          Disturbance.LEAVE,
          Disturbance.KILL,
          Disturbance.FREEZE,
          Disturbance.BROKER,
          Disturbance.CUT,
          Disturbance.LOST_ANSWERS,
          Disturbance.LETTERS_DOWN,
          Disturbance.POISON,
          Disturbance.ROLLING);

  private static final int PARTITIONS = 6;

  /** The number of workers, each with its part of the partitions. */
  private static final int PLACES = 3;

  /** In ms. */
  private static final int FREEZE = 5000;

  /** A planted defect keeps some records from ever being finished. */
  private static final Duration ALL_DONE_WITH_A_DEFECT = Duration.ofSeconds(10);

  private final Plan plan;
  private final Duration allDone;
  private final Map<Integer, WorkerProcess> places = new TreeMap<>();

  private ReaderRound(Plan plan, Brokers brokers, Path directory, Defect defect) {
    super(
        brokers,
        directory,
        "readers-" + plan.seed() + "-" + System.nanoTime(),
        settings(plan, defect),
        plan);
    this.plan = plan;
    this.allDone = defect == Defect.NONE ? ALL_DONE : ALL_DONE_WITH_A_DEFECT;
  }

  /** Draws a plan. Its protocol does not matter: there is no group. */
  static Plan plan(long seed, int disturbances) {
    return Plan.of(seed, disturbances, KINDS, Plans.FACES, face -> false);
  }

  private static Knobs knobs(Plan plan) {
    return Knobs.of(plan.seed(), false).without(Knobs.Knob.START_AT);
  }

  /** The settings of the plan that matter here. */
  static String describe(Plan plan) {
    String knobs = knobs(plan).toString();
    return "%s%s, %s, %d at once, %s"
        .formatted(
            plan.face(),
            knobs.isEmpty() ? "" : " with " + knobs,
            plan.ordering(),
            plan.concurrency(),
            contents(plan));
  }

  /** Compaction would remove records before they are read. */
  private static Plan.Contents contents(Plan plan) {
    return plan.contents() == Plan.Contents.TRANSACTIONAL
        ? Plan.Contents.TRANSACTIONAL
        : Plan.Contents.PLAIN;
  }

  private static Map<String, String> settings(Plan plan, Defect defect) {
    Map<String, String> all = new HashMap<>();
    all.put("face", plan.face());
    all.put("defect", defect.name().toLowerCase(Locale.ROOT));
    all.put("slowest", "1500");
    all.put("seed", Long.toString(plan.seed()));
    all.put("knobs", knobs(plan).toString());
    if (knobs(plan).has(Knobs.Knob.SKIP)) {
      all.put(Program.SKIPS, "true");
    }
    all.put("ordering", plan.ordering().name());
    all.put("concurrency", Integer.toString(plan.concurrency()));
    all.put("failures", Double.toString(plan.failures()));
    all.put("kafka.isolation.level", "read_committed");
    all.put("kafka.max.poll.records", "100");
    all.put("kafka.request.timeout.ms", "4000");
    all.put("kafka.default.api.timeout.ms", "5000");
    all.put("kafka.reconnect.backoff.max.ms", "300");
    return all;
  }

  /** Runs a round against brokers that may have served others before. */
  static LoggedResult<ReaderOracle.Promise> run(
      Plan plan, Brokers brokers, Path directory, Defect defect) throws Exception {
    Files.createDirectories(directory);
    return new ReaderRound(plan, brokers, directory, defect).run();
  }

  private LoggedResult<ReaderOracle.Promise> run() throws Exception {
    long start = System.nanoTime();
    brokers.createTopic(topic, PARTITIONS, Map.of());
    brokers.createTopic(letters(), 1, Map.of());
    List<String> produced;
    List<String> marked;
    try {
      traffic.start();
      for (int place = 0; place < PLACES; place++) {
        start(place);
      }
      awaitFirst();
      for (Step step : plan.steps()) {
        disturb(step);
        done.merge(step.what(), 1, Integer::sum);
      }
      traffic.close();
      produced = produced();
      marked = marked();
      awaitFinished(produced, allDone);
      awaitPositions(marked);
      endAll();
    } finally {
      killAll();
    }
    read();
    var oracle =
        new ReaderOracle(
            events,
            plan.ordering(),
            plan.concurrency(),
            knobs(plan).has(Knobs.Knob.BATCHES) ? Knobs.BATCH : 1);
    List<LoggedResult.Broken<ReaderOracle.Promise>> broken = oracle.check(produced, marked);
    brokers.deleteTopics(List.of(topic, letters()));
    return new LoggedResult<>(
        plan.seed(),
        describe(plan) + (marked.isEmpty() ? "" : ", %,d records to skip".formatted(marked.size())),
        done,
        oracle.finished(),
        oracle.again(),
        0,
        Duration.ofNanos(System.nanoTime() - start),
        ReaderOracle.Promise.values().length,
        broken);
  }

  /** Marked records are finished by nothing but a position. The oracle says what is missing. */
  private void awaitPositions(List<String> marked) throws Exception {
    long deadline = System.nanoTime() + allDone.toNanos();
    while (!ReaderOracle.notPassed(marked, positions()).isEmpty()
        && System.nanoTime() - deadline < 0) {
      Thread.sleep(200); // there is nothing to be notified by
      read();
    }
  }

  private Map<Integer, Long> positions() {
    Map<Integer, Long> positions = new TreeMap<>();
    for (Event event : events) {
      if (event.kind() == Kind.COMMIT) {
        positions.merge(event.partition(), event.offset(), Math::max);
      }
    }
    return positions;
  }

  /** Starts a worker at the last positions of its place. */
  private void start(int place) throws IOException {
    read();
    Map<Integer, Long> own = new TreeMap<>();
    Map<Integer, Long> positions = positions();
    for (int partition = place; partition < PARTITIONS; partition += PLACES) {
      own.put(partition, positions.getOrDefault(partition, 0L));
    }
    String text =
        own.entrySet().stream()
            .map(one -> one.getKey() + ":" + one.getValue())
            .collect(Collectors.joining(","));
    places.put(place, launch(place, Map.of("positions", text)));
  }

  private void disturb(Step step) throws Exception {
    int place = step.dice() % PLACES;
    WorkerProcess worker = at(place);
    switch (step.what()) {
      case LEAVE -> replace(place);
      case ROLLING -> {
        for (int each = 0; each < PLACES; each++) {
          replace(each);
        }
      }
      case KILL -> {
        worker.kill();
        start(place);
      }
      default -> disturb(step.what(), worker, step.dice(), step.millis(), FREEZE, Request.FETCH);
    }
    Thread.sleep(step.pause()); // sets the pace of the plan
    read();
  }

  private WorkerProcess at(int place) {
    return Objects.requireNonNull(places.get(place));
  }

  /** The oracle says so if a worker does not end in time. */
  private void replace(int place) throws Exception {
    WorkerProcess worker = at(place);
    worker.terminate();
    if (!worker.awaitExit(ENDS.toMillis())) {
      worker.kill();
    }
    start(place);
  }
}
