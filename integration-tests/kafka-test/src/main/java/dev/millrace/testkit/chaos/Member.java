package dev.millrace.testkit.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The state of a worker, as the oracle knows it. */
final class Member {

  /**
   * A record whose handler runs.
   *
   * @param batch the name of the batch; empty if the handler has this record alone
   */
  record Running(long offset, int partition, String lane, String batch, long since, Ownership in) {
    static Running of(Event start, String lane, Ownership in) {
      return new Running(
          start.offset(), start.partition(), lane, start.detail(), start.nanos(), in);
    }

    /** Whether the start of a record is a start in the same batch. */
    boolean isWith(Event start) {
      return !batch.isEmpty() && batch.equals(start.detail());
    }
  }

  /** A worker that logs nothing for this time does not run. */
  static final long STARVED = Duration.ofMillis(1500).toNanos();

  final String name;

  /** The faults that hit this worker alone. */
  final Faults faults;

  final Map<Integer, List<Ownership>> ownerships = new HashMap<>();

  /** The running handlers, by partition and offset. */
  final Map<String, Running> running = new LinkedHashMap<>();

  /** Whether it has reported an assignment. */
  boolean tells;

  boolean stopped;
  boolean dead;
  boolean killed;
  long terminatedAt;
  long troubledAt;
  long beatAt;
  boolean late;
  @Nullable String closed;

  Member(String name, Duration settling) {
    this.name = name;
    this.faults = new Faults(settling);
  }

  /** The newest ownership of the partition, open or not; null if there was none. */
  @Nullable Ownership newest(int partition) {
    List<Ownership> all = ownerships.get(partition);
    return all == null || all.isEmpty() ? null : all.getLast();
  }

  List<Ownership> open() {
    List<Ownership> open = new ArrayList<>();
    ownerships
        .values()
        .forEach(all -> all.stream().filter(one -> !one.released).forEach(open::add));
    return open;
  }

  void begins(Ownership ownership) {
    ownerships.computeIfAbsent(ownership.partition, p -> new ArrayList<>()).add(ownership);
  }

  @Nullable Ownership find(int partition, long epoch) {
    return ownerships.getOrDefault(partition, List.of()).stream()
        .filter(one -> one.epoch == epoch)
        .findFirst()
        .orElse(null);
  }

  List<Running> runningOf(Ownership ownership) {
    return running.values().stream().filter(one -> one.in() == ownership).toList();
  }

  /** The number of running handlers. A batch has one. */
  long handlers() {
    long single = running.values().stream().filter(one -> one.batch().isEmpty()).count();
    return single
        + running.values().stream()
            .map(Running::batch)
            .filter(batch -> !batch.isEmpty())
            .distinct()
            .count();
  }

  /** Whether the handler of the event's record runs. */
  boolean runs(Event event) {
    return running.containsKey(id(event.partition(), event.offset()));
  }

  static String id(int partition, long offset) {
    return partition + "@" + offset;
  }
}
