package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Event.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The times in which a shared resource was away: a broker, the network, the dead letters; or in
 * which commits failed.
 */
final class Faults {

  private static final long REMEMBERED = Duration.ofSeconds(30).toNanos();

  private record Fault(long from, long to) {}

  private final long settling;
  private final List<Fault> ended = new ArrayList<>();
  private int open;
  private long openSince;

  Faults(Duration settling) {
    this.settling = settling.toNanos();
  }

  void event(Event event) {
    if (event.kind() == Kind.FAULT && open++ == 0) {
      openSince = event.nanos();
    } else if (event.kind() == Kind.REPAIRED && --open == 0) {
      ended.add(new Fault(openSince, event.nanos()));
    }
  }

  /**
   * Adds a time that has passed. The part of it that another fault covers counts once.
   *
   * @param from in ns, as {@code to}
   */
  void passed(long from, long to) {
    long begin = ended.isEmpty() ? from : Math.max(from, ended.getLast().to());
    if (begin < to) {
      ended.add(new Fault(begin, to));
    }
  }

  /** Whether a fault is active, or its effect may last. */
  boolean isFelt(long now) {
    return now < feltUntil(now);
  }

  /** The time until which the effect of the last fault may last. */
  long feltUntil(long now) {
    if (open > 0) {
      return Math.max(now, openSince) + settling;
    }
    return ended.isEmpty() ? Long.MIN_VALUE : ended.getLast().to() + settling;
  }

  /** The seconds before {@code now} in which the effect of a fault may have lasted. */
  double secondsBefore(long now) {
    long sum = 0;
    long from = now - REMEMBERED;
    for (Fault fault : ended) {
      sum += Math.max(0, Math.min(now, fault.to() + settling) - Math.max(from, fault.from()));
    }
    if (open > 0) {
      sum += Math.max(0, now - Math.max(from, openSince));
    }
    return Math.min(sum, REMEMBERED) / 1e9;
  }
}
