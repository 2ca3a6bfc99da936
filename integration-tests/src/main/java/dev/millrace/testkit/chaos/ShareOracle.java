package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.LoggedResult.Broken;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Checks the promises of a loop over a share group, from the events of a whole round. Not
 * thread-safe.
 */
/*
 * A share group promises no order, and its broker reports no offsets of members. So the promises are
 * about records. An attempt is the time from a START to the next END, FAILED or LETTER of the same
 * record in the same worker. Without such an event, the attempt is open until the worker's process
 * ends.
 *
 * A second member may get a record of a first member only after the first delivery has ended: by a
 * release, or by a lost lock. A lock is lost only in a fault. The worker was killed, frozen or cut
 * off, its answers were lost, a broker was away, or the machine did not run the worker, so that it
 * missed its beats. A fault counts from its begin until some time after its repair, because a lock
 * that ran in the fault ends after it.
 *
 * A member that did not run cannot know that its locks have ended. Each of its worker threads may
 * have taken a record before, and calls the handler as soon as it runs again, though another member
 * has handled the record meanwhile. No check in the member can prevent that, because the member may
 * stop after the check. So after such a time each handler may repeat one record: not more, because
 * records that wait for a handler are checked when it takes them.
 *
 * The broker drops a record after the last delivery that the group allows. If the answer with this
 * delivery was lost, no member can know of it: the record is 'dropped', and not missing.
 */
final class ShareOracle {

  /** The promises, with their numbers in the reliability page. */
  enum Promise implements LoggedResult.Promise {
    ALL_FINISHED(1, "every record produced is handled, or is a dead letter"),
    ONE_AT_A_TIME(2, "no two members handle a record at the same time while its lock is renewed"),
    FEW_DUPLICATES(3, "a record is handled again only after a failure, a release, or a fault"),
    BOUNDED(4, "no member runs more handlers than its concurrency"),
    CLEAN_CLOSE(5, "close ends by its deadline, and leaves no thread behind");

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

  /** After a stop, the longest time until a thread that was about to call a handler does so. */
  private static final long RESUMED = 1_000_000_000L;

  /** How long a lock of a fault may last after the fault, in ns. */
  private final long settling;

  private final int concurrency;
  private final List<Event> events;
  private final List<Broken<Promise>> broken = new ArrayList<>();
  private final Map<String, List<Attempt>> attempts = new TreeMap<>();
  private final List<Fault> faults = new ArrayList<>();
  private final List<Stop> stops = new ArrayList<>();
  private long finished;
  private long duplicates;
  private long dropped;

  private static final class Attempt {
    final String who;
    final long start;
    long end = Long.MAX_VALUE;
    boolean succeeded;

    Attempt(String who, long start) {
      this.who = who;
      this.start = start;
    }
  }

  /** A time in which the locks of a worker, or of all workers, may get lost. */
  private record Fault(String who, long from, long to) {
    boolean hits(String worker, long since, long until) {
      return (who.equals(Event.CONDUCTOR) || who.equals(worker)) && from <= until && to >= since;
    }
  }

  /** A time in which a worker did not run, and the records that it has repeated after that. */
  private record Stop(String who, long from, long to, Set<String> repeated) {
    Stop(String who, long from, long to) {
      this(who, from, to, new HashSet<>());
    }

    boolean explains(Attempt earlier, Attempt later) {
      return who.equals(later.who)
          && earlier.end >= from
          && later.start >= to
          && later.start - to <= RESUMED;
    }
  }

  /**
   * An oracle for a round that is over.
   *
   * @param all the events of workers and conductor
   * @param concurrency of each worker
   * @param settling the longest time of a lock, and of a session, in ns
   */
  ShareOracle(List<Event> all, int concurrency, long settling) {
    this.events = all.stream().sorted(Comparator.comparingLong(Event::nanos)).toList();
    this.concurrency = concurrency;
    this.settling = settling;
  }

  /**
   * Checks all promises.
   *
   * @param produced the records of the topic, as {@code partition@offset}
   * @param lost records whose last allowed delivery was in a lost answer
   */
  List<Broken<Promise>> check(List<String> produced, Set<String> lost) {
    readFaults();
    readAttempts();
    for (String record : produced) {
      checkRecord(record, attempts.getOrDefault(record, List.of()), lost.contains(record));
    }
    checkEnds();
    return broken;
  }

  long finished() {
    return finished;
  }

  long duplicates() {
    return duplicates;
  }

  /** The number of records that the broker has dropped, after an answer that was lost. */
  long dropped() {
    return dropped;
  }

  private void readFaults() {
    Map<String, Event> open = new HashMap<>();
    Map<String, Long> seen = new HashMap<>();
    for (Event event : events) {
      Long before = seen.put(event.who(), event.nanos());
      if (before != null && event.nanos() - before > Member.STARVED) {
        faults.add(new Fault(event.who(), before, event.nanos() + settling));
        if (event.kind() != Event.Kind.CONTINUED) { // the conductor reports that stop itself
          stops.add(new Stop(event.who(), before, event.nanos()));
        }
      }
      switch (event.kind()) {
        case FAULT, STOPPED -> open.putIfAbsent(faultOf(event), event);
        case REPAIRED, CONTINUED -> close(open.remove(faultOf(event)), event.nanos());
        case KILLED, TERMINATED ->
            faults.add(new Fault(event.who(), event.nanos(), Long.MAX_VALUE));
        default -> {}
      }
    }
    open.values().forEach(event -> close(event, Long.MAX_VALUE - settling));
  }

  private static String faultOf(Event event) {
    boolean isProcess = event.kind() == Event.Kind.STOPPED || event.kind() == Event.Kind.CONTINUED;
    return event.who() + (isProcess ? " frozen" : " cut");
  }

  private void close(@Nullable Event begin, long at) {
    if (begin != null) {
      faults.add(new Fault(begin.who(), begin.nanos(), at + settling));
      if (begin.kind() == Event.Kind.STOPPED) {
        stops.add(new Stop(begin.who(), begin.nanos(), at));
      }
    }
  }

  private void readAttempts() {
    Map<String, Integer> running = new HashMap<>();
    Map<String, Attempt> open = new HashMap<>();
    for (Event event : events) {
      String record = event.partition() + "@" + event.offset();
      String id = event.who() + " " + record;
      switch (event.kind()) {
        case START -> {
          var attempt = new Attempt(event.who(), event.nanos());
          open.put(id, attempt);
          attempts.computeIfAbsent(record, r -> new ArrayList<>()).add(attempt);
          int now = running.merge(event.who(), 1, Integer::sum);
          if (now > concurrency) {
            add(ShareOracle.Promise.BOUNDED, "%s runs %d handlers".formatted(event.who(), now));
          }
        }
        case END, FAILED -> {
          Attempt attempt = open.remove(id);
          if (attempt != null) {
            attempt.end = event.nanos();
            attempt.succeeded = event.kind() == Event.Kind.END;
            running.merge(event.who(), -1, Integer::sum);
          }
        }
        case LETTER -> {
          var letter = new Attempt(event.who(), event.nanos());
          letter.end = event.nanos();
          letter.succeeded = true;
          attempts.computeIfAbsent(record, r -> new ArrayList<>()).add(letter);
        }
        case KILLED, EXITED ->
            open.forEach(
                (one, attempt) -> {
                  if (attempt.who.equals(event.who()) && attempt.end == Long.MAX_VALUE) {
                    attempt.end = event.nanos();
                  }
                });
        default -> {}
      }
    }
  }

  private void checkRecord(String record, List<Attempt> all, boolean isLost) {
    if (all.stream().noneMatch(one -> one.succeeded)) {
      if (isLost) {
        dropped++;
        return;
      }
      add(
          Promise.ALL_FINISHED,
          "the record %s has %d attempts, and none succeeded".formatted(record, all.size()));
      return;
    }
    finished++;
    for (int i = 1; i < all.size(); i++) {
      Attempt later = all.get(i);
      for (Attempt earlier : all.subList(0, i)) {
        boolean excused =
            faults.stream().anyMatch(one -> one.hits(earlier.who, earlier.start, later.start))
                || wasAboutToBegin(record, earlier, later);
        if (!earlier.who.equals(later.who) && earlier.end > later.start && !excused) {
          add(
              Promise.ONE_AT_A_TIME,
              "%s and %s handle %s at the same time".formatted(earlier.who, later.who, record));
        }
        if (earlier.succeeded && earlier.end <= later.start) {
          duplicates++;
          if (!excused) {
            add(
                Promise.FEW_DUPLICATES,
                "%s handles %s again, which %s has handled"
                    .formatted(later.who, record, earlier.who));
          }
        }
      }
    }
  }

  /** Whether the later worker had taken the record before that worker stopped; see the top. */
  private boolean wasAboutToBegin(String record, Attempt earlier, Attempt later) {
    for (Stop stop : stops) {
      if (stop.explains(earlier, later)
          && (stop.repeated.contains(record) || stop.repeated.size() < concurrency)) {
        stop.repeated.add(record);
        return true;
      }
    }
    return false;
  }

  private void checkEnds() {
    Map<String, Event> terminated = new HashMap<>();
    Map<String, Event> exited = new HashMap<>();
    for (Event event : events) {
      switch (event.kind()) {
        case TERMINATED -> terminated.put(event.who(), event);
        case EXITED, KILLED -> exited.put(event.who(), event);
        case CLOSED -> {
          if (!event.detail().isEmpty()) {
            add(Promise.CLEAN_CLOSE, "%s leaves %s".formatted(event.who(), event.detail()));
          }
        }
        default -> {}
      }
    }
    terminated.forEach(
        (who, event) -> {
          Event end = exited.get(who);
          if (end == null || Objects.equals(end.kind(), Event.Kind.KILLED)) {
            add(Promise.CLEAN_CLOSE, who + " has got SIGTERM, and did not end by itself");
          }
        });
  }

  private void add(Promise promise, String what) {
    broken.add(new Broken<>(promise, what));
  }
}
