package dev.millrace.benchmarks.kafka;

import java.util.List;
import java.util.Locale;

/**
 * A measurement of each arm: the rate for records that are in the topic already, or the latency of
 * records that come one by one, from the time at which each should have been sent.
 *
 * @param title the column's
 * @param keys how they are distributed over the records
 * @param records that count
 * @param workMillis how long a handler sleeps
 * @param arms measured records
 */
record Cell(String title, Keys keys, int records, int workMillis, List<Arms> arms) {

  /** How the keys are distributed. */
  enum Keys {
    UNIFORM,
    /** By Zipf's law: one of seven records has the first key. It is the others that count. */
    ZIPF,
    /** Uniformly, and the records come one by one. */
    PACED
  }

  /** The arms that keep up with the rate. */
  private static final List<Arms> PARALLEL =
      List.of(Arms.values()).stream().filter(arm -> arm != Arms.SINGLE).toList();

  /** All of them, in the order of the tables. */
  static final List<Cell> ALL =
      List.of(
          new Cell("0 ms", Keys.UNIFORM, 100_000, 0, List.of(Arms.values())),
          new Cell("1 ms", Keys.UNIFORM, 25_000, 1, List.of(Arms.values())),
          new Cell("10 ms", Keys.UNIFORM, 25_000, 10, List.of(Arms.values())),
          new Cell("100 ms", Keys.UNIFORM, 25_000, 100, List.of(Arms.values())),
          new Cell("Zipf 1 ms", Keys.ZIPF, 25_000, 1, List.of(Arms.KEY, Arms.PARALLEL_KEY)),
          new Cell("latency", Keys.PACED, Pace.MEASURED, 1, PARALLEL));

  /** The topic that is consumed; it can be shared by all whose records are there already. */
  String topic() {
    return keys.name().toLowerCase(Locale.ROOT) + "-" + records;
  }

  /** About how many seconds a run takes, its start not included. */
  int estimate(Arms arm) {
    if (keys == Keys.PACED) {
      return (Pace.WARM_UP + Pace.MEASURED) / Pace.PER_SECOND;
    }
    boolean inTurn = arm == Arms.SINGLE || arm == Arms.SPRING || arm == Arms.PARTITION;
    return inTurn && workMillis > 0 ? Consumption.SECONDS : 2;
  }
}
