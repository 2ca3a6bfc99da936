package dev.millrace.testkit.simulation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Called by rewritten code, in place of the JDK's methods of the same name. Outside of a world,
 * each method does the same as the JDK's.
 */
public final class Points {

  private Points() {}

  /** Before each access that other threads can see. */
  public static void point() {
    World world = Carrier.world();
    if (world != null) {
      world.point();
    }
  }

  /** At both ends of a static initializer. Its place depends on the threads that ran before. */
  public static void initializes(boolean begins) {
    World world = Carrier.world();
    if (world != null) {
      world.initializes(begins);
    }
  }

  // Maps

  /** Of a map that may call the function with a monitor of the JDK. */
  private static <T extends @Nullable Object> T inOnePiece(Map<?, ?> map, Supplier<T> call) {
    World world = Carrier.world();
    if (world == null || !(map instanceof ConcurrentMap)) {
      return call.get();
    }
    world.point();
    world.initializes(true);
    try {
      return call.get();
    } finally {
      world.initializes(false);
    }
  }

  public static @Nullable Object computeIfAbsent(
      Map<Object, Object> map, Object key, Function<Object, Object> function) {
    return inOnePiece(map, () -> map.computeIfAbsent(key, function));
  }

  public static @Nullable Object computeIfPresent(
      Map<Object, Object> map, Object key, BiFunction<Object, Object, Object> function) {
    return inOnePiece(map, () -> map.computeIfPresent(key, function));
  }

  public static @Nullable Object compute(
      Map<Object, Object> map, Object key, BiFunction<Object, @Nullable Object, Object> function) {
    return inOnePiece(map, () -> map.compute(key, function));
  }

  public static @Nullable Object merge(
      Map<Object, Object> map,
      Object key,
      Object value,
      BiFunction<Object, Object, Object> function) {
    return inOnePiece(map, () -> map.merge(key, value, function));
  }

  // Time

  public static long nanoTime() {
    return World.nanoTimeOfThread();
  }

  public static Instant now() {
    World world = Carrier.world();
    return world == null ? Instant.now() : world.instant();
  }

  public static long currentTimeMillis() {
    return now().toEpochMilli();
  }

  public static Clock systemUTC() {
    return Carrier.world() == null ? Clock.systemUTC() : Clock.fixed(now(), ZoneOffset.UTC);
  }

  public static void sleep(Duration duration) throws InterruptedException {
    if (Carrier.world() == null) {
      Thread.sleep(duration);
      return;
    }
    Duration longest = Duration.ofNanos(Long.MAX_VALUE / 2);
    long end = nanoTime() + (duration.compareTo(longest) < 0 ? duration : longest).toNanos();
    for (long left; !Thread.interrupted(); ) {
      if ((left = end - nanoTime()) <= 0) {
        return;
      }
      LockSupport.parkNanos(left);
    }
    throw new InterruptedException();
  }

  public static void sleep(long millis) throws InterruptedException {
    sleep(Duration.ofMillis(millis));
  }

  public static void sleep(long millis, int nanos) throws InterruptedException {
    sleep(Duration.ofMillis(millis).plusNanos(nanos));
  }

  public static void sleep(TimeUnit unit, long time) throws InterruptedException {
    sleep(Duration.of(time, unit.toChronoUnit()));
  }

  public static ScheduledFuture<?> schedule(
      ForkJoinPool pool, Runnable action, long delay, TimeUnit unit) {
    World world = Carrier.world();
    return world == null
        ? pool.schedule(action, delay, unit)
        : world.at(unit.toNanos(delay), () -> world.start("timer", action));
  }

  // Threads

  public static <T> CompletableFuture<T> supplyAsync(Supplier<T> supplier) {
    World world = Carrier.world();
    return world == null
        ? CompletableFuture.supplyAsync(supplier)
        : CompletableFuture.supplyAsync(supplier, task -> world.start("async", task));
  }

  public static CompletableFuture<Void> runAsync(Runnable action) {
    return supplyAsync(
        () -> {
          action.run();
          return null;
        });
  }

  public static Thread.Builder.OfVirtual ofVirtual() {
    World world = Carrier.world();
    return world == null ? Thread.ofVirtual() : Jdk.virtual(world);
  }

  /** A virtual thread in its place. */
  public static Thread.Builder ofPlatform() {
    World world = Carrier.world();
    return world == null ? Thread.ofPlatform() : Jdk.virtual(world);
  }

  public static Thread.Builder daemon(Thread.Builder builder) {
    return builder instanceof Thread.Builder.OfPlatform platform ? platform.daemon() : builder;
  }

  public static Thread.Builder daemon(Thread.Builder builder, boolean on) {
    return builder instanceof Thread.Builder.OfPlatform platform ? platform.daemon(on) : builder;
  }

  public static Thread unstarted(Thread.Builder builder, Runnable task) {
    World world = Carrier.world();
    return world == null ? builder.unstarted(task) : world.thread(builder, task);
  }

  public static Thread start(Thread.Builder builder, Runnable task) {
    Thread thread = unstarted(builder, task);
    thread.start();
    return thread;
  }

  public static ThreadFactory factory(Thread.Builder builder) {
    return task -> unstarted(builder, task);
  }

  public static Thread startVirtualThread(Runnable task) {
    return start(ofVirtual(), task);
  }

  public static void interrupt(Thread thread) {
    World world = Carrier.world();
    if (world == null) {
      thread.interrupt();
    } else {
      world.point();
      world.interrupt(thread);
    }
  }

  public static void onSpinWait() {
    if (Carrier.world() == null) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  /** The first hash code of an object; never 0. */
  public static int hash(Object object) {
    World world = Carrier.world();
    return world == null ? System.identityHashCode(object) | 1 : world.nextHash();
  }

  // Monitors

  public static void enter(Object object) {
    World world = Carrier.world();
    if (world != null) {
      world.monitors.enter(object);
    }
  }

  public static void exit(Object object) {
    World world = Carrier.world();
    if (world != null) {
      world.monitors.exit(object);
    }
  }

  public static void await(Object object) throws InterruptedException {
    world().monitors.await(object, 0);
  }

  public static void await(Object object, long millis) throws InterruptedException {
    world().monitors.await(object, millis * 1_000_000);
  }

  public static void await(Object object, long millis, int nanos) throws InterruptedException {
    world().monitors.await(object, millis * 1_000_000 + nanos);
  }

  public static void timedWait(TimeUnit unit, Object object, long time)
      throws InterruptedException {
    if (time > 0) {
      world().monitors.await(object, unit.toNanos(time));
    }
  }

  public static void wake(Object object) {
    world().monitors.wake(object, false);
  }

  public static void wakeAll(Object object) {
    world().monitors.wake(object, true);
  }

  private static World world() {
    World world = Carrier.world();
    if (world == null) {
      throw new IllegalStateException(
          "code that was rewritten for a simulation waits outside of it");
    }
    return world;
  }
}
