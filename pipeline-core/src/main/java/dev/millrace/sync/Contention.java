package dev.millrace.sync;

import dev.millrace.clock.internal.Time;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Objects;

/**
 * Counts the threads that wait for something, and how long: a semaphore, a lock, a place below the
 * limit of a group, room in a channel, a connection.
 *
 * <pre>{@code
 * var contention = Contention.of("orders lock");
 * contention.waiting(() -> lock.lockInterruptibly());
 * …
 * gauge("waiters", () -> contention.figures().waiters());
 * }</pre>
 *
 * <p>The class wraps the call that may wait, so it serves locks, permits and connections alike. A
 * wait that need not wait counts as one of almost no time.
 *
 * <p>Thread-safe. A wait costs two calls of {@link System#nanoTime} and two short monitors more;
 * that is for locks that are held for microseconds and longer.
 */
public final class Contention {

  /** A call that may wait. */
  @FunctionalInterface
  public interface Wait {
    /** Returns when the wait has succeeded, and throws if the call has given up. */
    void await() throws InterruptedException;
  }

  /**
   * The figures at one moment. Immutable, and thread-safe.
   *
   * @param name of the lock or resource
   * @param waiters how many threads wait now
   * @param oldest the time that the first of them has waited; zero if none waits
   * @param waits how many waits have ended, including waits that were given up
   * @param givenUp how many waits have thrown
   * @param total of the waits that have ended
   * @param longest of the waits that have ended
   */
  public record Figures(
      String name,
      int waiters,
      Duration oldest,
      long waits,
      long givenUp,
      Duration total,
      Duration longest) {

    /** The longest wait, whether it has ended or not. */
    public Duration longestSoFar() {
      return oldest.compareTo(longest) > 0 ? oldest : longest;
    }
  }

  /** A thread that waits; the oldest stands first. */
  private static final class Waiter {
    final long since = Time.nanoTime();
  }

  private final String name;

  // Guarded by this.
  private final LinkedHashSet<Waiter> waiters = new LinkedHashSet<>();
  private long waits;
  private long givenUp;
  private long totalNanos;
  private long longestNanos;

  private Contention(String name) {
    this.name = Objects.requireNonNull(name, "name");
  }

  /** Without waits; the name is for people. */
  public static Contention of(String name) {
    return new Contention(name);
  }

  /**
   * Waits, in the calling thread. Throws the exception of {@code wait}; the wait then counts as
   * given up.
   */
  public void waiting(Wait wait) throws InterruptedException {
    Waiter waiter = begin();
    boolean served = false;
    try {
      wait.await();
      served = true;
    } finally {
      end(waiter, served);
    }
  }

  private synchronized Waiter begin() {
    var waiter = new Waiter(); // under the monitor: the set is in the order of the times
    waiters.add(waiter);
    return waiter;
  }

  private synchronized void end(Waiter waiter, boolean served) {
    long nanos = Time.nanoTime() - waiter.since;
    waiters.remove(waiter);
    waits++;
    givenUp += served ? 0 : 1;
    totalNanos += nanos;
    longestNanos = Math.max(longestNanos, nanos);
  }

  /** The figures now. */
  public synchronized Figures figures() {
    Duration oldest =
        waiters.isEmpty()
            ? Duration.ZERO
            : Duration.ofNanos(Time.nanoTime() - waiters.getFirst().since);
    return new Figures(
        name,
        waiters.size(),
        oldest,
        waits,
        givenUp,
        Duration.ofNanos(totalNanos),
        Duration.ofNanos(longestNanos));
  }

  /** The figures, for people. */
  @Override
  public String toString() {
    return figures().toString();
  }
}
