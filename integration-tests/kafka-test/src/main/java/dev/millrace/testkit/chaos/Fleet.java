package dev.millrace.testkit.chaos;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The workers of a round. Not thread-safe. */
final class Fleet {

  private final Path directory;
  private final List<String> jvm;
  private final WorkerSettings settings;
  private final boolean statics;
  private final Reading reading;
  private final List<WorkerProcess> workers = new ArrayList<>();
  private int names;

  Fleet(
      Path directory, List<String> jvm, WorkerSettings settings, boolean statics, Reading reading) {
    this.directory = directory;
    this.jvm = jvm;
    this.settings = settings;
    this.statics = statics;
    this.reading = reading;
  }

  /** Starts a worker. */
  WorkerProcess join() throws IOException {
    String name = "w" + ++names;
    int slot =
        IntStream.range(0, names)
            .filter(one -> workers.stream().noneMatch(worker -> holds(worker, one)))
            .findFirst()
            .orElseThrow();
    Path log = directory.resolve(name + ".log");
    WorkerSettings own = settings.with("log", log).with("kafka.client.id", name);
    if (statics) {
      own = own.with("kafka.group.instance.id", "slot-" + slot);
    }
    reading.add(new EventTail(name, log));
    var worker = WorkerProcess.launch(name, slot, directory, jvm, own, reading::conducted);
    workers.add(worker);
    return worker;
  }

  /**
   * Whether a new worker must not use the name of this slot. With KIP-848 the broker keeps the name
   * of a member that was killed, or could not leave, until its session ends. Until then it refuses
   * the name to other members. So with KIP-848 no name is used twice.
   */
  private boolean holds(WorkerProcess worker, int slot) {
    boolean isKept = settings.kafka().containsKey("group.protocol");
    return worker.slot == slot && (worker.isAlive() || isKept);
  }

  List<WorkerProcess> alive() {
    return workers.stream().filter(WorkerProcess::isAlive).toList();
  }

  /** The workers that run and have not got SIGTERM. */
  List<WorkerProcess> working() {
    return workers.stream().filter(WorkerProcess::isWorking).toList();
  }

  /** One of the working processes, chosen by the dice; null if there is none. */
  @Nullable WorkerProcess any(int dice) {
    List<WorkerProcess> working = working();
    return working.isEmpty() ? null : working.get(dice % working.size());
  }

  /** Ends all workers; kills the workers that do not end by themselves. */
  void endAll(long millis) throws IOException, InterruptedException {
    for (WorkerProcess worker : alive()) {
      worker.goOn();
      if (worker.isWorking()) {
        worker.terminate();
      }
    }
    long deadline = System.nanoTime() + millis * 1_000_000;
    for (WorkerProcess worker : alive()) {
      worker.awaitExit(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
    }
  }

  /** Kills the remaining workers. */
  void killAll() throws InterruptedException {
    for (WorkerProcess worker : alive()) {
      worker.kill();
    }
  }
}
