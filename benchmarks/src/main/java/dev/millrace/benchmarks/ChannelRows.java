package dev.millrace.benchmarks;

import java.util.List;
import java.util.Map;

/** The published rows of {@link ChannelBenchmark} and {@link SelectBenchmark}, with their peers. */
final class ChannelRows {

  private static final List<String> RENDEZVOUS =
      List.of("millrace", "kotlin", "jox", "synchronous", "transfer");
  private static final List<String> BUFFERED =
      List.of("millrace", "kotlin", "jox", "array", "linked");
  private static final List<String> SELECT = List.of("millrace", "kotlin", "jox");

  static final List<BenchRow> ROWS =
      List.of(
          channel("1 to 1", "oneToOne", 0),
          channel("1 to 1", "oneToOne", 16),
          channel("1 to 1", "oneToOne", 128),
          channel("1 to 1", "oneToOne", 1024),
          channel("8 to 8", "eightToEight", 0),
          channel("8 to 8", "eightToEight", 64),
          channel("chain of 1,000", "chain", 0),
          channel("chain of 1,000", "chain", 16),
          channel("1,000 pairs", "thousandPairs", 0),
          channel("1,000 pairs", "thousandPairs", 16),
          select(2, 0),
          select(2, 16),
          select(4, 0),
          select(4, 16));

  private ChannelRows() {}

  private static BenchRow channel(String name, String method, int capacity) {
    return new BenchRow(
        name + (capacity == 0 ? ", rendezvous" : ", buffered " + capacity),
        "ChannelBenchmark." + method,
        Map.of("capacity", Integer.toString(capacity)),
        capacity == 0 ? RENDEZVOUS : BUFFERED);
  }

  private static BenchRow select(int clauses, int capacity) {
    return new BenchRow(
        "select over " + clauses + (capacity == 0 ? ", rendezvous" : ", buffered " + capacity),
        "SelectBenchmark.select",
        Map.of("capacity", Integer.toString(capacity), "clauses", Integer.toString(clauses)),
        SELECT);
  }
}
