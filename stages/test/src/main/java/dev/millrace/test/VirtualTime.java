package dev.millrace.test;

import dev.millrace.test.internal.TestClock;
import java.time.Duration;
import java.time.Instant;

/**
 * The time of the library, in the hands of a test. Ticks, batches, throttles, debounces, timeouts,
 * retries and deadlines happen when the test moves the time, and at no other moment.
 *
 * <pre>{@code
 * try (var time = VirtualTime.begin();
 *     var probe =
 *         Probe.on(Engine.channels())
 *             .start((Pipe<String> pipe) -> pipe.debounce("quiet", Duration.ofMinutes(1)))) {
 *   probe.push("a");
 *   time.advance(Duration.ofSeconds(59));
 *   assertThat(probe.results()).isEmpty();
 *   time.advance(Duration.ofSeconds(1));
 *   probe.expect("a");
 * }
 * }</pre>
 *
 * <p>The JVM of the tests needs two arguments, because the library looks for its clock once:
 *
 * <pre>
 * -Ddev.millrace.virtualTime=dev.millrace.test.internal.TestClock
 * --add-exports=java.base/jdk.internal.vm=ALL-UNNAMED
 * </pre>
 *
 * <p>Tests of that JVM that do not use this class have the system's time. There is one virtual time
 * in a JVM: run its tests alone, by JUnit's {@code @Isolated}. It rules the times of the library
 * only. A {@code Thread.sleep} in a function of the test takes real time, and so do the breaker's
 * pauses, and timeouts of JUnit and of a {@link Probe}.
 *
 * <p>Thread-safe; but one thread should move the time.
 */
public final class VirtualTime implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final TestClock clock;
  private final Rest rest = new Rest();
  private final long began;
  private boolean closed;

  private VirtualTime(TestClock clock) {
    this.clock = clock;
    this.began = clock.nanoTime();
  }

  /**
   * Stops the time, until {@link #close}.
   *
   * @throws IllegalStateException if the JVM was started without the arguments, or if virtual time
   *     has begun already
   */
  public static VirtualTime begin() {
    TestClock clock = TestClock.ofThisJvm();
    if (clock == null || !LiveThreads.isExact()) {
      throw new IllegalStateException(
          "virtual time needs a JVM with the arguments -D%s=%s and --add-exports=java.base/%s=ALL-UNNAMED"
              .formatted(
                  dev.millrace.clock.internal.VirtualTime.PROPERTY,
                  TestClock.class.getName(),
                  LiveThreads.INTERNALS));
    }
    clock.stop();
    return new VirtualTime(clock);
  }

  /**
   * Moves the time, from one alarm to the next, and returns when all threads are at rest again.
   * Before each move it waits until all threads that were started since {@link #begin} wait for
   * something: for an element, for a lock, or for a time. So a move meets the same state in each
   * run of the test.
   *
   * @throws IllegalArgumentException if {@code time} is negative
   * @throws AssertionError if a thread does not come to rest within ten seconds of the system's
   *     time, with its stack
   */
  public void advance(Duration time) throws InterruptedException {
    if (time.isNegative()) {
      throw new IllegalArgumentException("time does not go back, but " + time + " was given");
    }
    rest.await(PATIENCE);
    long until = Math.addExact(clock.nanoTime(), time.toNanos());
    while (clock.step(until)) {
      rest.await(PATIENCE);
    }
  }

  /** Waits until all threads are at rest, as {@link #advance} does before it moves. */
  public void settle() throws InterruptedException {
    rest.await(PATIENCE);
  }

  /** The virtual time since {@link #begin}. */
  public Duration elapsed() {
    return Duration.ofNanos(clock.nanoTime() - began);
  }

  /** The virtual time of day. It begins with the system's. */
  public Instant now() {
    return clock.now();
  }

  /** Lets the time go on at the system's pace. Idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      clock.goOn();
    }
  }
}
