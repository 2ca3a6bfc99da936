package dev.millrace.kafka.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What was produced for the records of a partition and is not committed, in the order of the
 * records. Not safe for use by many threads.
 */
final class Outputs {

  private final NavigableMap<Long, Produced> byOffset = new TreeMap<>();
  private long bytes;

  /** Adds what was produced for a record, or replaces it. */
  void put(Produced produced) {
    bytes += produced.bytes();
    Produced before = byOffset.put(produced.source().offset(), produced);
    if (before != null) {
      bytes -= before.bytes();
    }
  }

  /** What belongs to a commit of that offset. */
  List<Produced> before(long offset) {
    return new ArrayList<>(byOffset.headMap(offset).values());
  }

  /** That offset is committed. */
  void committed(long offset) {
    Map<Long, Produced> done = byOffset.headMap(offset);
    done.values().forEach(one -> bytes -= one.bytes());
    done.clear();
  }

  int size() {
    return byOffset.size();
  }

  long bytes() {
    return bytes;
  }
}
