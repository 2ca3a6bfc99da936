package dev.millrace.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Lets two threads meet again and again, and looks after each time what has come of it, for two
 * seconds; {@code -Drace.millis=…} for as long as that.
 */
public final class Race {

  private static final int CHUNK = 50;

  private Race() {}

  /** Two threads that meet once. */
  public interface Meeting {
    /** What one of them does. */
    void one() throws Exception;

    /** What the other one does at the same time. */
    void other() throws Exception;

    /** Looks at what they have done; by a third thread, when they have. */
    void check() throws Exception;
  }

  /** When to end, by {@link System#nanoTime}. */
  public static long end() {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Long.getLong("race.millis", 2_000));
  }

  /** A little while, never the same, so that threads do not always meet in the same way. */
  public static void stagger() {
    for (int i = ThreadLocalRandom.current().nextInt(100); i > 0; i--) {
      Thread.onSpinWait();
    }
  }

  /** Lets them meet, each time with what is fresh; how often. */
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
                arrived.addAndGet(2 * CHUNK); // the other one need not wait for what has failed
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
      Thread.yield(); // the other one may have no processor
    }
  }
}
