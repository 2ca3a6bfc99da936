package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;

/**
 * A round that is judged from the logs when it is over: workers, traffic, and the disturbances that
 * are the same for all workers. Not thread-safe.
 */
abstract class LoggedRound {

  /** The longest time without a finished record, after the last disturbance. */
  static final Duration ALL_DONE = Duration.ofMinutes(2);

  static final Duration ENDS = Duration.ofSeconds(20);

  final Brokers brokers;
  final String topic;
  final Traffic traffic;
  final List<WorkerProcess> workers = new ArrayList<>();
  final List<Event> events = new ArrayList<>();
  final Map<Disturbance, Integer> done = new EnumMap<>(Disturbance.class);
  private final Path directory;
  private final Program program;
  private final WorkerSettings settings;
  private final List<EventTail> tails = new ArrayList<>();
  private final Queue<Event> conducted = new ConcurrentLinkedQueue<>();
  private final Set<String> finished = new HashSet<>();

  /**
   * A round that has not begun.
   *
   * @param settings of all workers, beside the topics and the brokers
   * @param traffic decides the contents of the topic
   */
  LoggedRound(
      Brokers brokers, Path directory, String topic, Map<String, String> settings, Plan traffic) {
    this.brokers = brokers;
    this.directory = directory;
    this.topic = topic;
    this.program = LoopRound.program(settings);
    this.settings =
        new WorkerSettings(program.settings())
            .with("subject", program.subject())
            .with("topic", topic)
            .with("letters", letters())
            .with("kafka.bootstrap.servers", brokers.bootstrapServers());
    this.traffic = new Traffic(brokers.bootstrapServers(), topic, traffic, program);
  }

  final String letters() {
    return topic + "-letters";
  }

  /** Starts a worker with more settings. */
  final WorkerProcess launch(int slot, Map<String, String> more) throws IOException {
    String name = "w" + (workers.size() + 1);
    Path log = directory.resolve(name + ".log");
    tails.add(new EventTail(name, log));
    WorkerSettings own = settings.with("log", log).with("kafka.client.id", name);
    for (Map.Entry<String, String> one : more.entrySet()) {
      own = own.with(one.getKey(), one.getValue());
    }
    var worker = WorkerProcess.launch(name, slot, directory, program.jvm(), own, conducted::add);
    workers.add(worker);
    return worker;
  }

  final List<WorkerProcess> working() {
    return workers.stream().filter(WorkerProcess::isWorking).toList();
  }

  /** Reads the new events of all workers. */
  final void read() throws IOException {
    List<Event> more = new ArrayList<>();
    for (Event event; (event = conducted.poll()) != null; ) {
      more.add(event);
    }
    for (EventTail tail : tails) {
      more.addAll(tail.read());
    }
    for (Event event : more) {
      if (event.kind() == Kind.END || event.kind() == Kind.LETTER) {
        finished.add(event.partition() + "@" + event.offset());
      }
    }
    events.addAll(more);
  }

  final void awaitFirst() throws Exception {
    long deadline = System.nanoTime() + ALL_DONE.toNanos();
    while (finished.isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("nothing was handled before any disturbance");
      }
      Thread.sleep(100); // there is nothing to be notified by
      read();
    }
  }

  /** All records of the topic, also those whose producer got no answer; without marked ones. */
  final List<String> produced() {
    return records(false);
  }

  /** The records that the workers are to skip. */
  final List<String> marked() {
    return records(true);
  }

  private List<String> records(boolean marked) {
    List<String> all = new ArrayList<>();
    try (var reader = new TopicReader(brokers.bootstrapServers(), topic)) {
      reader.readAll(
          record -> {
            if (Traffic.isMarked(record) == marked) {
              all.add(record.partition() + "@" + record.offset());
            }
          });
    }
    return all;
  }

  /** If the time is over, the oracle names the missing records. */
  final void awaitFinished(List<String> produced, Duration atMost) throws Exception {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (!finished.containsAll(produced) && System.nanoTime() - deadline < 0) {
      int before = finished.size();
      Thread.sleep(200); // there is nothing to be notified by
      read();
      if (finished.size() > before) {
        deadline = System.nanoTime() + atMost.toNanos(); // a busy machine may take longer
      }
    }
  }

  final void endAll() throws Exception {
    for (WorkerProcess worker : working()) {
      worker.terminate();
    }
    long deadline = System.nanoTime() + ENDS.toNanos();
    for (WorkerProcess worker : workers) {
      worker.awaitExit(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
    }
    Thread.sleep(300); // until the exits are reported
  }

  /** Leaves no process. */
  final void killAll() throws Exception {
    for (WorkerProcess worker : workers) {
      if (worker.isAlive()) {
        worker.kill();
      }
    }
    brokers.restart();
    traffic.close();
  }

  /** A disturbance that needs no knowledge of the workers. */
  final void disturb(
      Disturbance what, WorkerProcess worker, int dice, int millis, int freeze, Request lost)
      throws Exception {
    switch (what) {
      case FREEZE -> {
        worker.stop();
        Thread.sleep(freeze);
        worker.goOn();
      }
      case BROKER -> {
        fault(Event.CONDUCTOR, "the broker is killed");
        brokers.kill(dice % brokers.size());
        Thread.sleep(millis / 2);
        brokers.restart();
        repaired(Event.CONDUCTOR);
      }
      case CUT -> {
        fault(worker.name, "it is cut off");
        brokers.cut(worker.name);
        heal(worker, millis);
      }
      case LOST_ANSWERS -> {
        fault(worker.name, "it gets no answers to " + lost);
        brokers.loseAnswers(worker.name, lost);
        heal(worker, millis);
      }
      case LETTERS_DOWN -> {
        largestLetter(1);
        traffic.storm();
        Thread.sleep(millis);
        largestLetter(1 << 20);
      }
      case POISON -> traffic.storm();
      default -> throw new IllegalArgumentException("not for these workers: " + what);
    }
  }

  private void heal(WorkerProcess worker, int millis) throws InterruptedException {
    Thread.sleep(millis);
    brokers.heal(worker.name);
    repaired(worker.name);
  }

  private void largestLetter(int bytes) throws ExecutionException, InterruptedException {
    alter(
        ConfigResource.Type.TOPIC, letters(), Map.of("max.message.bytes", Integer.toString(bytes)));
  }

  final void alter(ConfigResource.Type type, String name, Map<String, String> configs)
      throws ExecutionException, InterruptedException {
    List<AlterConfigOp> operations =
        configs.entrySet().stream()
            .map(
                one ->
                    new AlterConfigOp(
                        new ConfigEntry(one.getKey(), one.getValue()), AlterConfigOp.OpType.SET))
            .toList();
    brokers
        .admin()
        .incrementalAlterConfigs(Map.of(new ConfigResource(type, name), operations))
        .all()
        .get();
  }

  private void fault(String who, String what) {
    conducted.add(Event.now(who, Kind.FAULT, -1, -1, what));
  }

  private void repaired(String who) {
    conducted.add(Event.now(who, Kind.REPAIRED, -1, -1, ""));
  }
}
