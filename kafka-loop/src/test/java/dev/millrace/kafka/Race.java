package dev.millrace.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Lets two threads meet again and again, and checks the result each time. Runs for two seconds, or
 * for {@code -Drace.millis=…}.
 */
public final class Race {

  private static final int CHUNK = 50;

  private Race() {}

  /** Two threads that meet once. */
  public interface Meeting {
    /** The action of one thread. */
    void one() throws Exception;

    /** The action of the other thread at the same time. */
    void other() throws Exception;

    /** Checks the result. Called by a third thread, after both actions. */
    void check() throws Exception;
  }

  /** The end of the race, by {@link System#nanoTime}. */
  public static long end() {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Long.getLong("race.millis", 2_000));
  }

  /** A short pause of varying length, so that threads meet in different ways. */
  public static void stagger() {
    for (int i = ThreadLocalRandom.current().nextInt(100); i > 0; i--) {
      Thread.onSpinWait();
    }
  }

  /** Repeats meetings, each with fresh objects. Returns the number of meetings. */
  public static int repeat(Supplier<? extends Meeting> fresh) throws Exception {
    long end = end();
    int met = 0;
    do {
      List<Meeting> meetings = new ArrayList<>();
      for (int i = 0; i < CHUNK; i++) {
        meetings.add(fresh.get());
      }
      var arrived = new AtomicInteger();
      FutureTask<String> one = start(meetings, arrived, Meeting::one);
      FutureTask<String> other = start(meetings, arrived, Meeting::other);
      one.get();
      other.get();
      for (Meeting meeting : meetings) {
        meeting.check();
      }
      met += CHUNK;
    } while (System.nanoTime() < end);
    return met;
  }

  private interface Part {
    void of(Meeting meeting) throws Exception;
  }

  private static FutureTask<String> start(
      List<Meeting> meetings, AtomicInteger arrived, Part part) {
    var task =
        new FutureTask<>(
            () -> {
              try {
                for (int i = 0; i < CHUNK; i++) {
                  arrived.incrementAndGet();
                  for (int spins = 0; arrived.get() < 2 * (i + 1); spins++) {
                    await(spins);
                  }
                  stagger();
                  part.of(meetings.get(i));
                }
              } finally {
                arrived.addAndGet(2 * CHUNK); // after a failure the other thread must not wait
              }
              return "met";
            });
    Thread.ofPlatform().daemon().name("race").start(task);
    return task;
  }

  private static void await(int spins) {
    if (spins < 1_000) {
      Thread.onSpinWait();
    } else {
      Thread.yield(); // the other thread may have no processor
    }
  }
}
