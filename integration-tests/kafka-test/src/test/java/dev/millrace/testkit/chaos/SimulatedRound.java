package dev.millrace.testkit.chaos;

import dev.millrace.clock.internal.Time;
import dev.millrace.testkit.chaos.Event.Kind;
import dev.millrace.testkit.chaos.SimulatedPlan.Mode;
import dev.millrace.testkit.chaos.SimulatedPlan.Step;
import dev.millrace.testkit.chaos.simulation.SimulatedBroker;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * A round in the simulation: members of one group, each a process of its own, a broker in memory,
 * disturbances, and the oracle that judges the real rounds. For one thread of a simulation.
 */
final class SimulatedRound {

  static final String TOPIC = "inputs";
  static final String LETTERS = "letters";
  static final String OUTPUTS = "outputs";
  static final String RETRIES = "retries";
  static final int ATTEMPTS = 3;
  private static final int OUTPUT_PARTITIONS = 2;
  private static final int RETRY_PARTITIONS = 2;
  private static final int MOST_MEMBERS = 4;
  private static final int KEYS = 6;
  private static final int TICKS_A_BEAT = 5;
  private static final int DAY = 24 * 60 * 60;
  private static final Duration TICK = Duration.ofMillis(100);
  private static final Duration ALL_DONE = Duration.ofSeconds(90);
  private static final Duration ALL_ENDED = Duration.ofSeconds(30);

  /** The end of a disturbance. */
  private record Repair(long at, int number, Runnable action) implements Comparable<Repair> {
    @Override
    public int compareTo(Repair other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Integer.compare(number, other.number);
    }
  }

  final SimulatedPlan plan;
  final PlantedInSimulation defect;
  final SimulatedFace face;
  final SimulatedBroker broker;
  private final SplittableRandom random;
  private final Oracle oracle;
  private final Ledger ledger;
  private final List<SimulatedMember> members = new ArrayList<>();
  private final PriorityQueue<Repair> repairs = new PriorityQueue<>();
  private final List<TopicPartition> letters = new ArrayList<>();
  private final List<Long> letterOffsets = new ArrayList<>();
  private final List<String> story = new ArrayList<>();
  private int partitions;
  private int names;
  private int ticks;
  private int poison;
  private long number;
  private boolean quiet;

  SimulatedRound(SimulatedPlan plan, PlantedInSimulation defect, SimulatedFace face) {
    this.plan = plan;
    this.partitions = plan.partitions();
    this.defect = defect;
    this.face = face;
    this.random = new SplittableRandom(plan.seed());
    var bounds =
        new Bounds(
            plan.mode() == Mode.TRANSACTION ? Guarantee.EXACTLY_ONCE : Guarantee.AT_LEAST_ONCE,
            plan.ordering(),
            Ordering.PARTITION,
            ATTEMPTS,
            false,
            plan.concurrency(),
            plan.batch(),
            Long.MAX_VALUE,
            Duration.ofSeconds(8),
            Duration.ofSeconds(20),
            Duration.ofSeconds(15),
            Duration.ofSeconds(10),
            500,
            500,
            plan.retries(),
            false,
            EnumSet.allOf(Invariant.class));
    this.ledger = new Ledger(Plan.Contents.TRANSACTIONAL, plan.disorder(), bounds.outputs());
    this.oracle = new Oracle(bounds, LogLookup.KEEPS_ALL, ledger);
    this.broker = new SimulatedBroker(plan.seed() + 1, plan.protocol().name(), this::committed);
  }

  /** The broker has stored offsets. */
  private void committed(Map<TopicPartition, OffsetAndMetadata> offsets) {
    Map<Integer, Long> answer = new LinkedHashMap<>();
    offsets.forEach(
        (name, offset) -> {
          if (name.topic().equals(TOPIC)) {
            answer.put(name.partition(), offset.offset());
          }
        });
    oracle.asked(answer);
  }

  void tell(
      String who, Kind kind, int partition, long offset, long epoch, String key, String text) {
    oracle.event(new Event(who, Time.nanoTime(), 0, kind, partition, offset, epoch, key, text));
  }

  /** A record is in the dead letters. */
  void buried(int partition, long offset) {
    letters.add(new TopicPartition(TOPIC, partition));
    letterOffsets.add(offset);
  }

  /**
   * Runs the round.
   *
   * @throws AssertionError if an invariant is broken
   */
  void run() throws InterruptedException {
    broker.create(TOPIC, partitions, true);
    broker.create(LETTERS, 1, false);
    broker.create(OUTPUTS, OUTPUT_PARTITIONS, false);
    if (plan.retries()) {
      broker.create(RETRIES, RETRY_PARTITIONS, true);
    }
    try {
      for (int i = 0; i < plan.members(); i++) {
        join();
      }
      awaitStart();
      pass(Duration.ofSeconds(1));
      for (Step step : plan.steps()) {
        if (isViolated()) {
          break;
        }
        disturb(step);
        pass(Duration.ofMillis(step.pause()));
      }
      calmDown();
      if (!isViolated()) {
        readWhatIsThere();
        oracle.end();
      }
    } finally {
      members.forEach(member -> member.process.kill());
    }
    if (isViolated()) {
      throw new AssertionError(
          "%s%n%s%n%s%n%s"
              .formatted(
                  plan,
                  String.join("\n", story),
                  oracle.violations().getFirst(),
                  String.join("", members.stream().map(member -> member.stacks).toList())));
    }
  }

  /** Records from now on are after the start of the group, wherever it begins. */
  private void awaitStart() throws InterruptedException {
    quiet = plan.latest();
    if (quiet && !await(ALL_DONE, this::hasBegun)) {
      complain("the start is not committed");
    }
    quiet = false;
  }

  private boolean hasBegun() {
    return IntStream.range(0, partitions)
        .allMatch(i -> broker.hasCommitted(new TopicPartition(TOPIC, i)));
  }

  private boolean isViolated() {
    return !oracle.violations().isEmpty();
  }

  // Time

  private void pass(Duration time) throws InterruptedException {
    await(time, () -> false);
  }

  private boolean await(Duration atMost, BooleanSupplier is) throws InterruptedException {
    long deadline = Time.nanoTime() + atMost.toNanos();
    while (!is.getAsBoolean() && !isViolated()) {
      if (Time.nanoTime() - deadline > 0) {
        return false;
      }
      Time.sleep(TICK);
      tick();
    }
    return true;
  }

  private void tick() {
    for (Repair next; (next = repairs.peek()) != null && next.at() <= Time.nanoTime(); ) {
      repairs.remove();
      next.action().run();
    }
    if (!quiet) {
      produce();
    }
    if (++ticks % TICKS_A_BEAT == 0) {
      for (SimulatedMember member : members) {
        member.beat();
      }
      oracle.look(Time.nanoTime());
    }
  }

  private void produce() {
    int count = random.nextInt(4);
    for (int i = 0; i < count; i++) {
      int partition = random.nextInt(partitions);
      var name = new TopicPartition(TOPIC, partition);
      String key = "key-" + random.nextInt(KEYS);
      long id = number++;
      boolean isBad = poison > 0 || random.nextInt(60) == 0;
      poison = Math.max(0, poison - 1);
      String value = (isBad ? id % 2 == 0 ? Traffic.POISON : Traffic.GARBAGE : "record") + "-" + id;
      long offset = broker.append(name, bytes(key), bytes(value));
      oracle.produced(partition, offset, key);
      ledger.input(partition, offset, value);
    }
    if (random.nextInt(30) == 0) {
      long id = number++;
      broker.appendAborted(
          new TopicPartition(TOPIC, random.nextInt(partitions)),
          List.of(bytes("aborted-" + id), bytes("aborted-too-" + id)));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  // Disturbances

  private void join() {
    var member = new SimulatedMember("w" + ++names, this);
    members.add(member);
    tell(member.name, Kind.LAUNCHED, -1, -1, -1, "", "");
    member.start();
  }

  private List<SimulatedMember> working() {
    return members.stream().filter(SimulatedMember::isWorking).toList();
  }

  private void disturb(Step step) {
    List<SimulatedMember> working = working();
    boolean isOfMember =
        switch (step.what()) {
          case LEAVE, KILL, FREEZE, CUT, CLOCK, DEAF -> true;
          default -> false;
        };
    if (isOfMember && working.isEmpty()) {
      join();
      return;
    }
    SimulatedMember target =
        working.isEmpty() ? members.getFirst() : working.get(step.dice() % working.size());
    story.add(
        "%.3f s: %s %s %d ms"
            .formatted(now(), step.what(), isOfMember ? target.name : "", step.millis()));
    long until = Time.nanoTime() + step.millis() * 1_000_000L;
    switch (step.what()) {
      case JOIN -> {
        if (working.size() < MOST_MEMBERS) {
          join();
        }
      }
      case LEAVE -> target.terminate();
      case KILL -> target.kill();
      case FREEZE -> {
        target.freeze();
        repair(until, target::thaw);
      }
      case CUT -> {
        target.link.cutUntil(until);
        fault(target.name, until, () -> {});
      }
      case DOWN -> {
        broker.downUntil(until);
        fault(Event.CONDUCTOR, until, () -> {});
      }
      case LOSE -> {
        broker.lossRate(0.5);
        fault(Event.CONDUCTOR, until, () -> broker.lossRate(0));
      }
      case REFUSE -> {
        broker.refusalRate(0.5);
        fault(Event.CONDUCTOR, until, () -> broker.refusalRate(0));
      }
      case DELETE -> delete(step.dice());
      case POISON -> poison += 5;
      case DEAF -> target.deafUntil(until);
      case HANG -> {
        var name = new TopicPartition(TOPIC, step.dice() % partitions);
        fault(Event.CONDUCTOR, until, broker.hang(name, bytes("hanging")));
      }
      case PARTITION -> broker.create(TOPIC, partitions++);
      case CLOCK -> target.process.setClock(Duration.ofSeconds(step.dice() % DAY - DAY / 2));
    }
  }

  private double now() {
    return Time.nanoTime() / 1e9;
  }

  private void fault(String who, long until, Runnable repair) {
    tell(who, Kind.FAULT, -1, -1, -1, "", "");
    repair(
        until,
        () -> {
          repair.run();
          tell(who, Kind.REPAIRED, -1, -1, -1, "", "");
        });
  }

  private void repair(long at, Runnable action) {
    repairs.add(new Repair(at, ticks, action));
  }

  private void delete(int dice) {
    var name = new TopicPartition(TOPIC, dice % partitions);
    long to = Math.min(broker.end(name), broker.committed(name) + dice % 7);
    tell(Event.CONDUCTOR, Kind.DELETED, name.partition(), to, -1, "", "");
    broker.deleteTo(name, to);
  }

  // The end

  private void calmDown() throws InterruptedException {
    while (!repairs.isEmpty() && !isViolated()) {
      pass(TICK);
    }
    while (working().size() < 2) {
      join();
    }
    quiet = true;
    if (!await(ALL_DONE, this::isCommitted)) {
      complain("not all is processed and committed");
    }
    for (SimulatedMember member : working()) {
      member.terminate();
    }
    if (!await(ALL_ENDED, () -> members.stream().allMatch(SimulatedMember::hasEnded))) {
      complain("not all members have ended");
    }
    if (!await(ALL_ENDED, () -> !broker.hasOpenTransaction())) {
      complain("a transaction of a dead member is still open");
    }
  }

  private void complain(String what) {
    var text = new StringBuilder(what).append("; ").append(broker);
    for (SimulatedMember member : members) {
      text.append("\n  ").append(member);
    }
    oracle.complain(Invariant.PROGRESS, text.toString());
  }

  /** Records go to the retry topic before their commit, so it is looked at last. */
  private boolean isCommitted() {
    return isCommitted(TOPIC, partitions)
        && (!plan.retries() || isCommitted(RETRIES, RETRY_PARTITIONS));
  }

  private boolean isCommitted(String topic, int partitions) {
    for (int i = 0; i < partitions; i++) {
      var name = new TopicPartition(topic, i);
      long[] last = {-1};
      broker.readCommitted(name, (offset, record) -> last[0] = offset);
      if (broker.committed(name) <= last[0]) {
        return false;
      }
    }
    return true;
  }

  private void readWhatIsThere() {
    for (int i = 0; i < partitions; i++) {
      int partition = i;
      broker.readCommitted(
          new TopicPartition(TOPIC, i),
          (offset, record) -> {
            oracle.produced(partition, offset, "");
            ledger.inputLeft(partition, offset, text(record.value()));
          });
    }
    for (int i = 0; i < letters.size(); i++) {
      oracle.letter(letters.get(i).partition(), letterOffsets.get(i));
    }
    broker.readCommitted(
        new TopicPartition(LETTERS, 0),
        (offset, letter) -> {
          LetterLookup.Position position = MemberProducers.letter(letter.headers());
          oracle.letter(position.partition(), position.offset());
        });
    for (int i = 0; i < OUTPUT_PARTITIONS; i++) {
      int partition = i;
      broker.readCommitted(
          new TopicPartition(OUTPUTS, i),
          (offset, record) ->
              ledger.output(partition, text(record.key()), Derived.parse(text(record.value()))));
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
