package dev.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** The published rows of {@link PipelineBenchmark}, with their peers. */
final class PipelineRows {

  static final List<BenchRow> ROWS =
      List.of(
          row("fused chain of 4", "fused", "rxjava", "kotlin", "pekko", "gatherers", "loop"),
          row(
              "fused chain of 4, new objects",
              "fusedBoxes",
              "rxjava",
              "kotlin",
              "gatherers",
              "loop"),
          row("1 boundary", "oneBoundary", "publishon", "rxjava", "kotlin", "pekko"),
          row("3 boundaries", "threeBoundaries", "publishon", "rxjava", "kotlin", "pekko"),
          row(
              "parallel 8, trivial, unordered",
              "parallelUnordered",
              "flatmap",
              "rxjava",
              "kotlin",
              "pekko",
              "gatherers"),
          row(
              "parallel 8, trivial, ordered",
              "parallelOrdered",
              "rxjava",
              "kotlin",
              "pekko",
              "gatherers"),
          row(
              "parallel 8, 10 µs, unordered",
              "parallelCpuUnordered",
              "flatmap",
              "rxjava",
              "kotlin",
              "pekko",
              "gatherers"),
          row(
              "parallel 8, 10 µs, ordered",
              "parallelCpuOrdered",
              "rxjava",
              "kotlin",
              "pekko",
              "gatherers"),
          row("parallel 1,000, sleep of 1 ms", "parallelSleep", "rxjava", "gatherers"),
          row("broadcast to 4 and merge", "broadcast", "publishon", "rxjava", "kotlin", "pekko"));

  private PipelineRows() {}

  private static BenchRow row(String name, String benchmark, String... others) {
    List<String> peers = new ArrayList<>(List.of("millrace", "millrace-reactor", "reactor"));
    peers.addAll(List.of(others));
    return new BenchRow(name, "PipelineBenchmark." + benchmark, peers);
  }
}
