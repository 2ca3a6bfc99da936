package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.LoggedResult.Broken;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks the promises of loops without a group, from the events of a whole round. Not thread-safe.
 */
/*
 * Each partition has one place, and each place has one worker at a time. A worker logs its positions
 * as COMMIT events. Its successor starts at the last logged position. So no fault excuses anything
 * here, except that a successor repeats the records between the position and the end of the work.
 *
 * The promises are checked in one pass over the events in their order. The produced records are
 * known before the pass: a record is unfinished until its END or its LETTER.
 */
final class ReaderOracle {

  /** The promises, with their numbers in the verification page. */
  enum Promise implements LoggedResult.Promise {
    ALL_HANDLED(1, "every record produced is handled, or is a dead letter"),
    POSITION_BEHIND_WORK(2, "a position never passes the lowest unfinished record"),
    NEVER_BACK(3, "positions never go back, and no worker repeats a record"),
    IN_ORDER(4, "records of a lane are handled one after the other, and their offsets rise"),
    BOUNDED(5, "no worker runs more handlers than its concurrency"),
    CLEAN_CLOSE(6, "close ends by its deadline, and leaves no thread behind"),
    SKIPPED(7, "records that are to be skipped are passed, and reach no handler");

    private final int number;
    final String text;

    Promise(int number, String text) {
      this.number = number;
      this.text = text;
    }

    @Override
    public int number() {
      return number;
    }
  }

  private record Id(int partition, long offset) {
    static Id of(Event event) {
      return new Id(event.partition(), event.offset());
    }

    @Override
    public String toString() {
      return partition + "@" + offset;
    }
  }

  /**
   * A record whose handler runs.
   *
   * @param batch the name of the batch; empty if the handler has this record alone
   */
  private record Running(String lane, String batch) {}

  /** A worker while its process lives. */
  private static final class Reader {
    final Map<Id, Running> running = new HashMap<>();
    final Map<String, Long> lastOfLane = new HashMap<>();
    final Set<Id> finished = new HashSet<>();
    boolean isAsked;
    boolean isOver;

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

    /** Whether it runs a record of the lane, in another batch. */
    boolean runs(String lane, String batch) {
      return running.values().stream()
          .anyMatch(
              one -> one.lane().equals(lane) && (batch.isEmpty() || !one.batch().equals(batch)));
    }

    /** A handler has failed. The lane goes back to its first failed record. */
    void failed(Id id) {
      Running one = running.remove(id);
      if (one != null) {
        lastOfLane.computeIfPresent(one.lane(), (lane, last) -> Math.min(last, id.offset()));
      }
    }
  }

  private final List<Event> events;
  private final Ordering ordering;
  private final int concurrency;
  private final int batch;
  private final List<Broken<Promise>> broken = new ArrayList<>();
  private final Map<String, Reader> readers = new HashMap<>();
  private final Map<Integer, TreeSet<Long>> unfinished = new HashMap<>();
  private final Map<Integer, Long> positions = new HashMap<>();
  private final Set<Id> finished = new HashSet<>();
  private final Set<String> marked = new HashSet<>();
  private long again;

  /**
   * An oracle for a round that is over.
   *
   * @param all the events of workers and conductor
   * @param concurrency of each worker
   * @param batch the number of records that one handler may get at once
   */
  ReaderOracle(List<Event> all, Ordering ordering, int concurrency, int batch) {
    this.events = all.stream().sorted(Comparator.comparingLong(Event::nanos)).toList();
    this.ordering = ordering;
    this.concurrency = concurrency;
    this.batch = batch;
  }

  /**
   * Checks all promises.
   *
   * @param produced the records of the topic, as {@code partition@offset}
   * @param toSkip the other records, which the workers are to skip
   */
  List<Broken<Promise>> check(List<String> produced, List<String> toSkip) {
    marked.addAll(toSkip);
    for (String record : produced) {
      int at = record.indexOf('@');
      unfinished
          .computeIfAbsent(Integer.parseInt(record.substring(0, at)), p -> new TreeSet<>())
          .add(Long.parseLong(record.substring(at + 1)));
    }
    for (Event event : events) {
      see(event, readers.computeIfAbsent(event.who(), who -> new Reader()));
    }
    unfinished.forEach(
        (partition, offsets) ->
            offsets.forEach(
                offset -> add(Promise.ALL_HANDLED, new Id(partition, offset) + " is unfinished")));
    notPassed(toSkip, positions)
        .forEach(record -> add(Promise.SKIPPED, "no position has passed " + record));
    readers.forEach(
        (who, reader) -> {
          if (reader.isAsked && !reader.isOver) {
            add(Promise.CLEAN_CLOSE, who + " has got SIGTERM, and did not end by itself");
          }
        });
    return broken;
  }

  /** The records, as {@code partition@offset}, that are not below the position. */
  static List<String> notPassed(List<String> records, Map<Integer, Long> positions) {
    return records.stream()
        .filter(
            record -> {
              int at = record.indexOf('@');
              long position = positions.getOrDefault(Integer.parseInt(record.substring(0, at)), 0L);
              return Long.parseLong(record.substring(at + 1)) >= position;
            })
        .toList();
  }

  /** The number of records that were handled, or are dead letters. */
  long finished() {
    return finished.size();
  }

  /** The number of times that a finished record was finished again. */
  long again() {
    return again;
  }

  private void see(Event event, Reader reader) {
    switch (event.kind()) {
      case START -> started(event, reader);
      case FAILED -> reader.failed(Id.of(event));
      case END, LETTER -> {
        reader.running.remove(Id.of(event));
        ended(event, reader);
      }
      case COMMIT -> moved(event);
      case TERMINATED -> reader.isAsked = true;
      case EXITED -> {
        reader.isOver = true;
        if (!reader.isAsked) {
          add(Promise.CLEAN_CLOSE, event.who() + " has ended unasked: " + event.detail());
        }
      }
      case CLOSED -> {
        if (!event.detail().isEmpty()) {
          add(Promise.CLEAN_CLOSE, event.who() + " leaves " + event.detail());
        }
      }
      default -> {}
    }
  }

  private void started(Event event, Reader reader) {
    Id id = Id.of(event);
    String lane = lane(event);
    skipped(event, id);
    if (reader.finished.contains(id)) {
      add(Promise.NEVER_BACK, "%s handles %s twice".formatted(event.who(), id));
    }
    if (event.offset() < positions.getOrDefault(event.partition(), 0L)) {
      add(Promise.NEVER_BACK, "%s handles %s below its position".formatted(event.who(), id));
    }
    if (!lane.isEmpty()) {
      if (reader.runs(lane, event.detail())) {
        add(Promise.IN_ORDER, "%s handles %s at once with others".formatted(event.who(), id));
      }
      Long before = reader.lastOfLane.put(lane, event.offset());
      if (before != null && before > event.offset()) {
        add(Promise.IN_ORDER, "%s handles %s after %d".formatted(event.who(), id, before));
      }
    }
    reader.running.put(id, new Running(lane, event.detail()));
    if (reader.handlers() > concurrency) {
      add(Promise.BOUNDED, event.who() + " runs handlers: " + reader.handlers());
    }
    long together =
        reader.running.values().stream()
            .filter(one -> !one.batch().isEmpty() && one.batch().equals(event.detail()))
            .count();
    if (together > batch) {
      add(Promise.BOUNDED, "%s has %d records in a batch".formatted(event.who(), together));
    }
  }

  private void skipped(Event event, Id id) {
    if (marked.contains(id.toString())) {
      add(Promise.SKIPPED, "%s handles %s, or has a letter of it".formatted(event.who(), id));
    }
  }

  /** The records that are handled one after the other; empty for records without an order. */
  private String lane(Event event) {
    return switch (ordering) {
      case PARTITION -> "" + event.partition();
      case KEY -> event.partition() + " " + event.key();
      case UNORDERED -> "";
    };
  }

  private void ended(Event event, Reader reader) {
    Id id = Id.of(event);
    skipped(event, id);
    reader.finished.add(id);
    if (!finished.add(id)) {
      again++;
    }
    TreeSet<Long> open = unfinished.get(event.partition());
    if (open != null) {
      open.remove(event.offset());
    }
  }

  private void moved(Event event) {
    Long before = positions.put(event.partition(), event.offset());
    if (before != null && before > event.offset()) {
      add(
          Promise.NEVER_BACK,
          "%s moves partition %d from %d back to %d"
              .formatted(event.who(), event.partition(), before, event.offset()));
    }
    TreeSet<Long> open = unfinished.get(event.partition());
    if (open != null && !open.isEmpty() && open.first() < event.offset()) {
      add(
          Promise.POSITION_BEHIND_WORK,
          "%s moves partition %d to %d, and %d is unfinished"
              .formatted(event.who(), event.partition(), event.offset(), open.first()));
    }
  }

  private void add(Promise promise, String what) {
    broken.add(new Broken<>(promise, what));
  }
}
