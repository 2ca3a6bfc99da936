package dev.millrace.benchmarks;

import java.util.List;
import java.util.Map;

/**
 * A row of a table: a JMH benchmark, measured for some peers.
 *
 * @param name the title of the row
 * @param benchmark the class and the method
 * @param parameters the parameters of JMH, without the peer
 * @param peers the peers, ours first
 */
record BenchRow(String name, String benchmark, Map<String, String> parameters, List<String> peers) {

  /** A row without parameters. */
  BenchRow(String name, String benchmark, List<String> peers) {
    this(name, benchmark, Map.of(), peers);
  }
}
