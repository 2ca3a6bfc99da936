package dev.millrace.clock.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TimeTest {

  /** A clock that jumps over every wait. */
  public static final class Jumping implements VirtualTime {
    private static final AtomicLong NOW = new AtomicLong(5);

    @Override
    public long nanoTime() {
      return NOW.get();
    }

    @Override
    public Instant now() {
      return Instant.EPOCH.plusNanos(NOW.get());
    }

    @Override
    public void parkNanos(@Nullable Object blocker, long nanos) {
      NOW.addAndGet(nanos);
      LockSupport.parkNanos(blocker, 1);
    }

    @Override
    public Future<?> schedule(Runnable action, long nanos) {
      NOW.addAndGet(nanos);
      action.run();
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Runs in a copy of the package that was loaded with the property. */
  public static final class WithTheJumpingClock implements Runnable {
    @Override
    public void run() {
      try {
        assertThat(Time.virtual()).isInstanceOf(Jumping.class);
        assertThat(Time.nanoTime()).isEqualTo(5);
        assertThat(Time.now()).isEqualTo(Instant.EPOCH.plusNanos(5));
        assertThat(Time.currentTimeMillis()).isZero();
        Time.sleep(Duration.ofDays(1));
        assertThat(Time.wallClock().instant())
            .isEqualTo(Instant.EPOCH.plusNanos(5).plus(Duration.ofDays(1)));
        Thread.currentThread().interrupt();
        assertThat(isInterrupted(() -> Time.sleep(Duration.ofDays(1)))).isTrue();
        Thread moves = Thread.ofVirtual().start(WithTheJumpingClock::move);
        assertThat(Time.await(new CountDownLatch(1), Duration.ofDays(1).toNanos())).isFalse();
        assertThat(Time.await(new CountDownLatch(0), Duration.ofDays(1).toNanos())).isTrue();
        assertThat(Time.join(Thread.currentThread(), Duration.ofDays(1))).isFalse();
        assertThat(Time.tryLock(new ReentrantLock(), 1)).isTrue();
        assertThat(Time.get(CompletableFuture.completedFuture(3), 0)).isEqualTo(3);
        assertThat(isLate(() -> Time.get(new CompletableFuture<>(), Duration.ofDays(1).toNanos())))
            .isTrue();
        moves.interrupt();
        moves.join();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }

    private static void move() {
      while (!Thread.interrupted()) {
        Jumping.NOW.addAndGet(Duration.ofHours(1).toNanos());
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  interface Body {
    void run() throws Exception;
  }

  private static boolean isInterrupted(Body body) throws Exception {
    try {
      body.run();
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  private static boolean isLate(Body body) throws Exception {
    try {
      body.run();
      return false;
    } catch (TimeoutException e) {
      return true;
    }
  }

  @AfterEach
  void removeTheProperty() {
    System.clearProperty(VirtualTime.PROPERTY);
  }

  private static void inACopy(String virtualTime) throws Exception {
    URL[] own = {
      Time.class.getProtectionDomain().getCodeSource().getLocation(),
      TimeTest.class.getProtectionDomain().getCodeSource().getLocation()
    };
    System.setProperty(VirtualTime.PROPERTY, virtualTime);
    try (var copy =
        new URLClassLoader(own, TimeTest.class.getClassLoader()) {
          @Override
          protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (this) {
              Class<?> known = findLoadedClass(name);
              return known != null
                  ? known
                  : name.startsWith("dev.millrace.clock.")
                      ? findClass(name)
                      : super.loadClass(name, resolve);
            }
          }
        }) {
      Runnable body =
          copy.loadClass(WithTheJumpingClock.class.getName())
              .asSubclass(Runnable.class)
              .getConstructor()
              .newInstance();
      body.run();
    }
  }

  @Test
  void everyReadAndEveryWaitFollowsTheVirtualClock() throws Exception {
    inACopy(Jumping.class.getName());
  }

  @Test
  void withoutThePropertyTheTimeIsTheSystems() throws Exception {
    assertThat(Time.virtual()).isNull();
    long before = System.nanoTime();
    Time.sleep(Duration.ofMillis(2));
    assertThat(Time.nanoTime() - before).isGreaterThanOrEqualTo(2_000_000);
    assertThat(Time.await(new CountDownLatch(1), 1)).isFalse();
    assertThat(Duration.between(Instant.now(), Time.now()).abs()).isLessThan(Duration.ofMinutes(1));
  }

  @Test
  void aNameThatIsNoClockIsRefusedWithAdvice() {
    assertThatIllegalStateException()
        .isThrownBy(() -> Time.virtual("java.lang.String"))
        .withMessageContaining("-Ddev.millrace.virtualTime=java.lang.String")
        .withMessageContaining("correct the name");
    assertThatIllegalStateException().isThrownBy(() -> Time.virtual("no.such.Clock"));
  }

  @Test
  void timeIsLeftUntilTheDeadlineAndNeverLessThanNone() {
    assertThat(Time.left(System.nanoTime() + Duration.ofHours(1).toNanos()))
        .isBetween(Duration.ofMinutes(59), Duration.ofHours(1));
    assertThat(Time.left(System.nanoTime() - Duration.ofHours(1).toNanos())).isZero();
  }

  /** The origin of the clock is arbitrary: a sum may overflow. */
  @Test
  void deadlineBeyondTheLargestNumberIsInTheFuture() {
    long beyond = System.nanoTime() + Long.MAX_VALUE;
    assertThat(Time.left(beyond)).isGreaterThan(Duration.ofDays(365));
  }
}
