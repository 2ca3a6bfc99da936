package dev.millrace.benchmarks.kafka;

import dev.millrace.testkit.LocalBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * Runs all arms in all cells against one broker, each time in a fresh JVM, and writes tables of the
 * medians and the raw results.
 *
 * <p>The rounds are interleaved: each round has each arm once, in another order. Cells that are in
 * the file of the raw results are not run again, so an interrupted run goes on where it was.
 *
 * <p>Arguments: the directory for {@code kafka-tables.md} and {@code kafka.json}; then, to run only
 * some cells, a part of their printed name, such as {@code "0 ms KEY"}.
 */
public final class KafkaRows {

  static final String LOGBACK = "dev/millrace/testkit/broker-logback.xml";

  private static final int ROUNDS = Integer.getInteger("rounds", 3);

  /** The start of a JVM, and the join of a consumer, before the measurement begins. */
  private static final int SECONDS_TO_START = 3;

  private record Run(Cell cell, Arms arm, int round) {
    @Override
    public String toString() {
      return cell.title() + " " + arm + " " + round;
    }
  }

  private final Path file;
  private final Path tables;
  private final List<Measurement> measured;

  private KafkaRows(Path directory) throws IOException {
    Files.createDirectories(directory);
    this.file = directory.resolve("kafka.json");
    this.tables = directory.resolve("kafka-tables.md");
    this.measured = Measurement.read(file);
  }

  /** Runs the wanted cells. */
  public static void main(String[] args) throws Exception {
    System.setProperty("logback.configurationFile", LOGBACK);
    new KafkaRows(Path.of(args[0])).run(args.length > 1 ? args[1] : "");
  }

  private void run(String wanted) throws Exception {
    List<Run> runs = plan(wanted);
    System.out.printf("%d runs, about %d minutes%n", runs.size(), seconds(runs) / 60 + 1);
    try (var broker = LocalBroker.start();
        var admin = broker.admin();
        var topics = new Topics(broker)) {
      if (!runs.isEmpty()) { // warms the broker up
        run(new Run(Cell.ALL.getFirst(), Arms.RAW, 0), broker, admin, topics);
      }
      for (Run run : runs) {
        Measurement result = run(run, broker, admin, topics);
        System.out.println(result.toJson());
        measured.add(result);
        Measurement.write(file, measured);
      }
    }
    Files.writeString(tables, Tables.of(measured));
    System.out.println(Files.readString(tables));
  }

  private List<Run> plan(String wanted) {
    List<Run> runs = new ArrayList<>();
    for (int round = 1; round <= ROUNDS; round++) {
      for (Cell cell : Cell.ALL) {
        List<Arms> arms = new ArrayList<>(cell.arms());
        Collections.shuffle(arms, new Random(31L * round + cell.title().hashCode()));
        for (Arms arm : arms) {
          var run = new Run(cell, arm, round);
          if (run.toString().contains(wanted) && !isMeasured(run)) {
            runs.add(run);
          }
        }
      }
    }
    return runs;
  }

  private boolean isMeasured(Run run) {
    return measured.stream().anyMatch(one -> one.is(run.cell, run.arm, run.round));
  }

  /** The longest duration, except for arms that hang. */
  private static int seconds(List<Run> runs) {
    int seconds = 0;
    for (Run run : runs) {
      seconds += SECONDS_TO_START + run.cell.estimate(run.arm);
    }
    return seconds;
  }

  private static Measurement run(Run run, LocalBroker broker, Admin admin, Topics topics)
      throws IOException, ExecutionException, InterruptedException {
    String group = run.toString().replaceAll("[^\\w]+", "-") + "-" + System.nanoTime();
    String topic = topics.of(run.cell, group);
    try (var consumption =
        Consumption.start(broker.bootstrapServers(), topic, group, run.cell, run.arm)) {
      if (run.cell.keys() == Cell.Keys.PACED) {
        awaitMembers(admin, group);
        Pace.send(topics.producer(), topic);
      }
      consumption.await();
      double committed = committed(admin, group);
      Map<String, Double> values = consumption.values();
      values.put("committed", committed);
      return new Measurement(run.cell.title(), run.arm, run.round, values);
    }
  }

  /**
   * Waits until the members have all partitions: a new group waits for members first, and records
   * of that time would be late.
   */
  private static void awaitMembers(Admin admin, String group)
      throws ExecutionException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (assigned(admin, group) < Topics.PARTITIONS) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("group " + group + " has no members after 30 s");
      }
      Thread.sleep(20);
    }
  }

  private static int assigned(Admin admin, String group)
      throws ExecutionException, InterruptedException {
    try {
      return admin.describeConsumerGroups(List.of(group)).all().get().values().stream()
          .flatMap(described -> described.members().stream())
          .mapToInt(member -> member.assignment().topicPartitions().size())
          .sum();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return 0;
      }
      throw e;
    }
  }

  /** The number of committed records; in these topics it is the sum of the offsets. */
  private static long committed(Admin admin, String group)
      throws ExecutionException, InterruptedException {
    return admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get()
        .values()
        .stream()
        .mapToLong(offset -> offset == null ? 0 : offset.offset())
        .sum();
  }
}
