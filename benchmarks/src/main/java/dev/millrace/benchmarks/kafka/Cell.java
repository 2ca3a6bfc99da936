package dev.millrace.benchmarks.kafka;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A measurement of each arm: the rate or the latency. The rate is for records that are in the topic
 * before it starts. The latency is for records that come one by one, from the planned send time of
 * each record.
 *
 * @param title the title of the column
 * @param keys the distribution of the keys over the records
 * @param records the number of counted records
 * @param workMillis the sleep of a handler, in ms
 * @param arms measured records
 */
record Cell(String title, Keys keys, int records, int workMillis, List<Arms> arms) {

  /** The distribution of the keys. */
  enum Keys {
    UNIFORM,
    /**
     * By Zipf's law: one of seven records has the first key. Only the records of the other keys
     * count.
     */
    ZIPF,
    /** Uniformly, and the records come one by one. */
    PACED
  }

  private static final Set<Arms> SHARE =
      Set.of(Arms.SHARE, Arms.SHARE_BATCHES, Arms.SHARE_TEXTBOOK);

  /** The arms that are members of a consumer group. */
  private static final List<Arms> OF_CONSUMER_GROUPS =
      Arms.CONSUMING.stream().filter(arm -> !SHARE.contains(arm)).toList();

  /** The arms that keep up with the rate. */
  private static final List<Arms> PARALLEL =
      OF_CONSUMER_GROUPS.stream().filter(arm -> arm != Arms.SINGLE).toList();

  /** All cells, in the order of the tables. */
  static final List<Cell> ALL =
      List.of(
          new Cell("0 ms", Keys.UNIFORM, 100_000, 0, Arms.CONSUMING),
          new Cell("1 ms", Keys.UNIFORM, 25_000, 1, Arms.CONSUMING),
          new Cell("10 ms", Keys.UNIFORM, 25_000, 10, OF_CONSUMER_GROUPS),
          new Cell("100 ms", Keys.UNIFORM, 25_000, 100, OF_CONSUMER_GROUPS),
          new Cell("produce", Keys.UNIFORM, 100_000, 0, Arms.PRODUCING),
          new Cell(
              "batches, no group", Keys.UNIFORM, 100_000, 0, List.of(Arms.BATCHES, Arms.READING)),
          new Cell("5 % fail once", Keys.UNIFORM, 25_000, 0, Arms.RETRYING),
          new Cell("dead letters", Keys.UNIFORM, 25_000, 0, Arms.DEAD_LETTERS),
          new Cell("Zipf 1 ms", Keys.ZIPF, 25_000, 1, List.of(Arms.KEY, Arms.PARALLEL_KEY)),
          new Cell("latency", Keys.PACED, Pace.MEASURED, 1, PARALLEL));

  /** The consumed topic. Cells whose records are written in advance can share it. */
  String topic() {
    return keys.name().toLowerCase(Locale.ROOT) + "-" + records;
  }

  /** About how many seconds a run takes, its start not included. */
  int estimate(Arms arm) {
    if (keys == Keys.PACED) {
      return (Pace.WARM_UP + Pace.MEASURED) / Pace.PER_SECOND;
    }
    boolean inTurn =
        arm == Arms.SINGLE
            || arm == Arms.SPRING
            || arm == Arms.PARTITION
            || arm == Arms.SHARE_TEXTBOOK;
    return (inTurn && workMillis > 0) || arm == Arms.SPRING_LETTERS ? Consumption.SECONDS : 2;
  }
}
