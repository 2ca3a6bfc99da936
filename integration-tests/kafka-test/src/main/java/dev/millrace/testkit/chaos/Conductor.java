package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.Plan.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.apache.kafka.common.resource.ResourceType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Disturbs workers and brokers as a plan says, and repairs each disturbance when its time has come.
 * Disturbances overlap. Not thread-safe.
 */
final class Conductor {

  private static final Logger LOG = LoggerFactory.getLogger(Conductor.class);
  private static final int MOST = 5;

  /** The time that a worker is stopped, in ms; longer than its session timeout. */
  private static final int FREEZE = 5000;

  /** The time that a broker stays away at least in a long outage, in ms. */
  private static final int OUTAGE = 7000;

  /** The time for which a transaction hangs at least, in ms. */
  private static final int HANG = 2000;

  /** The time for all workers to end, in ms. */
  private static final int END = 40_000;

  /**
   * The number of sides of the dice. It is larger than the number of workers, so division draws
   * again.
   */
  private static final int SIDES = 64;

  /** The time between two checks for a broken invariant, in ms. */
  private static final long LOOK = 200;

  private final Guarantee guarantee;
  private final Brokers brokers;
  private final ClusterFaults cluster;
  private final Fleet fleet;
  private final Traffic traffic;
  private final Reading reading;
  private final List<Repair> repairs = new ArrayList<>();

  /** The end of a disturbance, with its time. */
  private record Repair(long due, boolean brokers, ClusterFaults.Repair action) {}

  Conductor(
      Guarantee guarantee,
      String topic,
      Brokers brokers,
      Fleet fleet,
      Traffic traffic,
      Reading reading) {
    this.guarantee = guarantee;
    this.brokers = brokers;
    this.cluster = new ClusterFaults(brokers, topic);
    this.fleet = fleet;
    this.traffic = traffic;
    this.reading = reading;
  }

  void disturb(Step step) throws Exception {
    LOG.info("{}", step);
    while (fleet.working().size() < 1) {
      fleet.join(); // there must be a worker to disturb
    }
    int dice = step.dice();
    switch (step.what()) {
      case JOIN -> join();
      case LEAVE -> leave(dice);
      case KILL -> kill(dice);
      case FREEZE -> freeze(dice);
      case BROKER -> killBroker(step.dice(), step.millis() / 2);
      case LONG_OUTAGE -> killBroker(step.dice(), OUTAGE + step.millis());
      case LOST_ANSWERS -> loseAnswers(step);
      case CUT -> cut(step);
      case LETTERS_DOWN -> takeNoLetters(step);
      case POISON -> traffic.storm();
      case RETENTION -> deleteRecords(dice);
      case FLAP -> {
        WorkerProcess worker = fleet.join();
        later(1500 + step.millis() / 2, false, worker::terminate);
      }
      case FAULT_IN_REBALANCE -> failInRebalance(step);
      case ROLLING -> roll();
      case HANGING_TRANSACTION -> hang(step);
      case NEW_PARTITION -> addPartition();
      case RIGHTS -> refuseReading(step);
      case EXPIRED_OFFSETS -> expireOffsets();
    }
  }

  private void join() throws Exception {
    if (fleet.alive().size() < MOST) {
      fleet.join();
    } else {
      fleet.working().getFirst().terminate();
    }
  }

  private void leave(int dice) throws Exception {
    WorkerProcess worker = fleet.any(dice);
    if (worker != null) {
      worker.terminate();
    }
    refill();
  }

  private void kill(int dice) throws Exception {
    WorkerProcess worker = fleet.any(dice);
    if (worker != null) {
      worker.kill();
    }
    refill();
  }

  private void refill() throws Exception {
    if (fleet.working().size() < 2) {
      fleet.join();
    }
  }

  private void freeze(int dice) throws Exception {
    WorkerProcess worker = fleet.any(dice);
    if (worker != null) {
      worker.stop();
      later(FREEZE, false, worker::goOn);
    }
  }

  private void killBroker(int dice, int millis) throws Exception {
    repairBrokers();
    int index = dice % brokers.size();
    fault(Event.CONDUCTOR, "broker " + (index + 1) + " is killed");
    brokers.kill(index);
    later(
        millis,
        true,
        () -> {
          brokers.restart();
          repaired(Event.CONDUCTOR, "broker " + (index + 1));
        });
  }

  private void loseAnswers(Step step) {
    WorkerProcess worker = fleet.any(step.dice());
    if (worker != null) {
      Request request = Request.oneOf(guarantee, step.dice() / SIDES);
      fault(worker.name, "it gets no answers to " + request);
      brokers.loseAnswers(worker.name, request);
      healLater(worker, step.millis());
    }
  }

  private void cut(Step step) {
    WorkerProcess worker = fleet.any(step.dice());
    if (worker != null) {
      fault(worker.name, "it is cut off");
      brokers.cut(worker.name);
      healLater(worker, step.millis());
    }
  }

  private void healLater(WorkerProcess worker, int millis) {
    later(
        millis,
        false,
        () -> {
          brokers.heal(worker.name);
          repaired(worker.name, "the network");
        });
  }

  private void failInRebalance(Step step) throws Exception {
    List<WorkerProcess> there = fleet.working();
    Request request = Request.oneOf(guarantee, step.dice() / SIDES);
    fault(Event.CONDUCTOR, "no %s arrives".formatted(request));
    there.forEach(worker -> brokers.refuse(worker.name, request));
    later(
        2000 + step.millis() / 4,
        false,
        () -> {
          there.forEach(worker -> brokers.heal(worker.name));
          repaired(Event.CONDUCTOR, "commits");
        });
    if (fleet.alive().size() < MOST) {
      fleet.join();
    } else {
      there.getFirst().terminate();
    }
  }

  /**
   * The bytes that have room for the marker of a transaction, but not for a dead letter. Without
   * this room the broker can neither commit nor abort a transaction with the topic in it.
   */
  private static final int MARKER = 100;

  private void takeNoLetters(Step step) throws Exception {
    faulty(
        "dead letters are too large",
        step.millis(),
        () -> {
          cluster.largestLetter(MARKER);
          return () -> cluster.largestLetter(1 << 20);
        });
  }

  /**
   * All workers are stopped while the log grows and loses its beginning, including the consumed
   * position.
   */
  private void deleteRecords(int dice) throws Exception {
    repairBrokers();
    List<WorkerProcess> working = fleet.working();
    for (WorkerProcess worker : working) {
      worker.stop();
    }
    pause(1500);
    int partition = dice % Round.PARTITIONS;
    long end = cluster.end(partition);
    if (end > 0) {
      long to = Math.max(0, end - dice % 20);
      // Before the deletion: the deleted records must be excused when the oracle sees their commit.
      reading.conducted(
          Event.now(Event.CONDUCTOR, Kind.DELETED, partition, to, "is deleted up to"));
      cluster.delete(partition, to);
    }
    for (WorkerProcess worker : working) {
      worker.goOn();
    }
  }

  private void roll() throws Exception {
    for (WorkerProcess worker : fleet.working()) {
      worker.terminate();
      worker.awaitExit(10_000);
      fleet.join();
      pause(1500);
    }
  }

  private void hang(Step step) throws Exception {
    int partition = step.dice() % Round.PARTITIONS;
    faulty(
        "a transaction hangs in p" + partition,
        HANG + step.millis(),
        () -> cluster.hang(partition));
  }

  private void addPartition() throws Exception {
    repairBrokers();
    LOG.info("the topic has {} partitions", cluster.addPartition());
  }

  private void refuseReading(Step step) throws Exception {
    ResourceType type = step.dice() % 2 == 0 ? ResourceType.TOPIC : ResourceType.GROUP;
    faulty(
        "reads are refused: of the " + type.name().toLowerCase(Locale.ROOT),
        step.millis(),
        () -> cluster.refuseReading(type));
  }

  private void expireOffsets() throws Exception {
    repairBrokers();
    int workers = fleet.working().size();
    fleet.endAll(END);
    cluster.expireOffsets();
    reading.conducted(Event.now(Event.CONDUCTOR, Kind.EXPIRED, -1, -1, "the commits expire"));
    for (int i = 0; i < workers; i++) {
      fleet.join();
    }
  }

  private interface Fault {
    ClusterFaults.Repair begin() throws Exception;
  }

  /** Causes a fault of the cluster, and repairs it after a time, each while all brokers run. */
  private void faulty(String what, int millis, Fault fault) throws Exception {
    repairBrokers();
    fault(Event.CONDUCTOR, what);
    ClusterFaults.Repair repair = fault.begin();
    later(
        millis,
        false,
        () -> {
          repairBrokers();
          repair.run();
          repaired(Event.CONDUCTOR, what);
        });
  }

  private void fault(String who, String what) {
    reading.conducted(Event.now(who, Kind.FAULT, -1, -1, what));
  }

  private void repaired(String who, String what) {
    reading.conducted(Event.now(who, Kind.REPAIRED, -1, -1, what));
  }

  private void later(int millis, boolean ofBrokers, ClusterFaults.Repair action) {
    repairs.add(new Repair(System.nanoTime() + millis * 1_000_000L, ofBrokers, action));
  }

  /**
   * Waits, and repairs the disturbances that are due. Returns early when an invariant is broken.
   */
  void pause(int millis) throws Exception {
    long until = System.nanoTime() + millis * 1_000_000L;
    while (true) {
      repairs.sort(Comparator.comparingLong(Repair::due));
      long next = repairs.isEmpty() ? until : Math.min(until, repairs.getFirst().due());
      while (next - System.nanoTime() > 0 && !reading.isViolated()) {
        Thread.sleep(Math.clamp((next - System.nanoTime()) / 1_000_000, 1, LOOK));
      }
      if (repairs.isEmpty() || repairs.getFirst().due() - until > 0) {
        return;
      }
      repairs.removeFirst().action().run();
    }
  }

  /** Brings back a broker that is away. */
  private void repairBrokers() throws Exception {
    for (Repair repair : List.copyOf(repairs)) {
      if (repair.brokers()) {
        repairs.remove(repair);
        repair.action().run();
      }
    }
  }

  /** Repairs all remaining disturbances. */
  void repairAll() throws Exception {
    repairBrokers();
    while (!repairs.isEmpty()) {
      repairs.removeFirst().action().run();
    }
  }
}
