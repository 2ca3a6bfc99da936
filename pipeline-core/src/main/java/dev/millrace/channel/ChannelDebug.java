package dev.millrace.channel;

import dev.millrace.channel.internal.Timers;
import dev.millrace.clock.internal.Time;
import dev.millrace.errors.Descriptions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The debug registry of channels. For each thread that is parked in a channel operation, it knows
 * the channel and the time. It finds a standstill of hand-built channels, as Go's runtime does with
 * "all goroutines are asleep".
 *
 * <p>The registry is off by default, and then costs nothing. The system property {@value #PROPERTY}
 * with the value {@code true} switches it on when the JVM starts. Then each wait that parks a
 * thread costs an object and two updates of a map. If no wait begins or ends for 5 seconds, the
 * waits are logged once with the logger {@code dev.millrace.channel.ChannelDebug} of {@link
 * System.Logger}.
 *
 * <p>Thread-safe.
 */
public final class ChannelDebug {

  /** The system property that switches the registry on. */
  public static final String PROPERTY = "dev.millrace.debug";

  private static final long TICK = TimeUnit.SECONDS.toNanos(1);
  private static final long ASLEEP = TimeUnit.SECONDS.toNanos(5);

  private static final Set<ChannelWait> WAITS = ConcurrentHashMap.newKeySet();

  /** The last time at which a wait began or ended, a {@link System#nanoTime}. */
  private static volatile long changed = Time.nanoTime();

  /** The last standstill that was logged: a value of {@code changed}. Used by the timer only. */
  private static long logged = changed - 1;

  private static volatile boolean ticking;

  private ChannelDebug() {}

  static void add(ChannelWait wait) {
    WAITS.add(wait);
    changed = Time.nanoTime();
    if (!ticking) {
      startTicking();
    }
  }

  static void remove(ChannelWait wait) {
    WAITS.remove(wait);
    changed = Time.nanoTime();
  }

  /**
   * A line for each thread that is parked in a channel operation, the longest wait first: the
   * thread, the operation, the channel, the time, and the line of code. Empty if no thread waits,
   * or if the registry is off.
   */
  public static String explain() {
    List<ChannelWait> waits =
        WAITS.stream().sorted(Comparator.comparingLong((ChannelWait wait) -> wait.since)).toList();
    var text = new StringBuilder();
    waits.forEach(wait -> text.append(line(wait)).append(System.lineSeparator()));
    return text.toString();
  }

  private static String line(ChannelWait wait) {
    Thread thread = wait.thread;
    String name =
        thread.getName().isEmpty() ? "#" + thread.threadId() : "'" + thread.getName() + "'";
    return "thread %s waits to %s, for %s%s"
        .formatted(
            name,
            wait.operation(),
            Descriptions.ofDuration(Duration.ofNanos(Time.nanoTime() - wait.since)),
            place(thread));
  }

  private static String place(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      String of = frame.getClassName();
      if (!of.startsWith("java.")
          && !of.startsWith("jdk.")
          && !of.startsWith("dev.millrace.channel.")) {
        return ", at " + frame;
      }
    }
    return "";
  }

  private static synchronized void startTicking() {
    if (!ticking) {
      ticking = true;
      var _ = Timers.schedule(ChannelDebug::tick, TICK);
    }
  }

  private static void tick() {
    long last = changed;
    if (last != logged && !WAITS.isEmpty() && Time.nanoTime() - last >= ASLEEP) {
      logged = last;
      Thread.ofPlatform().daemon().name("millrace-log").start(ChannelDebug::log);
    }
    var _ = Timers.schedule(ChannelDebug::tick, TICK);
  }

  private static void log() {
    System.getLogger(ChannelDebug.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "no wait on a channel has begun or ended for 5 s. If these threads wait for each"
                + " other, all are asleep:"
                + System.lineSeparator()
                + explain());
  }
}
