package dev.millrace.stages.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.stages.internal.run.Keys;
import dev.millrace.stages.internal.wait.Signal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A worker pool without an engine: threads that park whenever they may, and are woken only as
 * promised.
 */
@Timeout(60)
class WorkerPoolTest {

  private static final int KEYS = 7;

  /** The function of a worker; it fails by throwing. */
  private interface Function {
    Object apply(int element) throws InterruptedException;
  }

  /** An intake, a pool and an output, each in threads of its own. */
  private static final class Site implements WorkerPool.Sides {
    private final Node.Parallel<Object, Object> node;
    private final Function function;
    private final ConcurrentLinkedQueue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final AtomicInteger atOnce = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final WorkerPool pool;
    private volatile @Nullable Thread intake;
    private volatile @Nullable Thread output;

    Site(Pipe<Object> pipe, Function function) {
      this.node = parallel(pipe);
      this.function = function;
      this.pool = new WorkerPool(node, this, Hand::new);
    }

    @SuppressWarnings("unchecked") // that of the pipe
    private static Node.Parallel<Object, Object> parallel(Pipe<Object> pipe) {
      return (Node.Parallel<Object, Object>) pipe.to(Sink.count()).node();
    }

    @Override
    public void room() {
      LockSupport.unpark(intake);
    }

    @Override
    public void results() {
      LockSupport.unpark(output);
    }

    @Override
    public void stopIntake() {
      stopped.set(true);
      LockSupport.unpark(intake);
    }

    /** Adds the elements 0 to {@code count} - 1, and returns the results. */
    List<Object> run(int count) throws InterruptedException {
      return run(() -> bring(count), Integer.MAX_VALUE);
    }

    List<Object> run(Runnable bringing, int wanted) throws InterruptedException {
      List<Object> results = new ArrayList<>();
      Thread taker = Thread.ofVirtual().unstarted(() -> take(results, wanted));
      Thread bringer = Thread.ofVirtual().unstarted(bringing);
      output = taker;
      intake = bringer;
      taker.start();
      bringer.start();
      bringer.join();
      taker.join();
      for (Thread thread : threads) {
        thread.join();
      }
      return results;
    }

    private void bring(int count) {
      for (int i = 0; i < count; i++) {
        while (!pool.hasRoom() && !stopped.get()) {
          LockSupport.park();
        }
        if (stopped.get()) {
          return;
        }
        pool.put(i, Keys.of(node.key(), i));
        assertThat(i - pool.left()).isLessThan(pool.bound());
      }
      pool.end();
    }

    private void take(List<Object> results, int wanted) {
      while (results.size() < wanted && !pool.isExhausted()) {
        Object result = pool.poll();
        if (result != null) {
          results.add(result);
        } else if (pool.awaitsResult()) {
          LockSupport.park();
        }
      }
      pool.finish();
    }

    private final class Hand extends Worker {
      private final WorkerPool pool;
      private final Thread thread = Thread.ofVirtual().unstarted(this::run);

      Hand(WorkerPool pool) {
        super(new Signal());
        this.pool = pool;
      }

      private void run() {
        pool.work(this);
      }

      @Override
      protected void start() {
        threads.add(thread);
        thread.start();
      }

      @Override
      protected @Nullable Object apply(Object element) {
        most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        try {
          return function.apply((int) element);
        } catch (IllegalStateException | InterruptedException e) {
          return null;
        } finally {
          atOnce.decrementAndGet();
        }
      }

      @Override
      protected void check() {}

      @Override
      protected void stop() {
        thread.interrupt();
      }
    }
  }

  private static Pipe<Object> pipe() {
    return Pipe.from(Source.of(List.of()));
  }

  private static Pipe<Object> ordered(int parallelism) {
    return pipe().mapParallel("pool", parallelism, x -> x);
  }

  private static Pipe<Object> unordered(int parallelism) {
    return pipe().mapParallelUnordered("pool", parallelism, x -> x);
  }

  private static Pipe<Object> keyed(int parallelism) {
    return pipe().mapKeyed("pool", parallelism, x -> (int) x % KEYS, x -> x);
  }

  /** By chance: no work, a little work, a yield, or a short sleep. */
  private static int nowAndThen(int element) throws InterruptedException {
    Random random = ThreadLocalRandom.current();
    switch (random.nextInt(64)) {
      case 0 -> Thread.sleep(Duration.ofNanos(random.nextInt(200_000)));
      case 1, 2, 3 -> Thread.yield();
      case 4, 5 -> LockSupport.parkNanos(1);
      default -> {}
    }
    return element;
  }

  private static List<Object> upTo(int count) {
    List<Object> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(i);
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 100})
  void orderIsKept(int parallelism) throws Exception {
    var site = new Site(ordered(parallelism), WorkerPoolTest::nowAndThen);
    assertThat(site.run(50_000)).isEqualTo(upTo(50_000));
    assertThat(site.most.get()).isLessThanOrEqualTo(parallelism);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 100})
  void eachElementComesOnceWithoutAnOrder(int parallelism) throws Exception {
    var site = new Site(unordered(parallelism), WorkerPoolTest::nowAndThen);
    assertThat(site.run(50_000)).containsExactlyInAnyOrderElementsOf(upTo(50_000));
    assertThat(site.most.get()).isLessThanOrEqualTo(parallelism);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 100})
  void elementsOfAKeyFollowEachOther(int parallelism) throws Exception {
    Map<Integer, AtomicBoolean> busy = new ConcurrentHashMap<>();
    Map<Integer, List<Integer>> begun = new ConcurrentHashMap<>();
    var site =
        new Site(
            keyed(parallelism),
            element -> {
              int key = element % KEYS;
              var own = busy.computeIfAbsent(key, any -> new AtomicBoolean());
              if (!own.compareAndSet(false, true)) {
                throw new AssertionError("two of key " + key);
              }
              begun.computeIfAbsent(key, any -> new ArrayList<>()).add(element);
              nowAndThen(element);
              own.set(false);
              return element;
            });
    assertThat(site.run(50_000)).containsExactlyInAnyOrderElementsOf(upTo(50_000));
    assertThat(begun.values()).allSatisfy(list -> assertThat(list).isSorted());
  }

  @Test
  void failedElementsLeaveRoomForOthers() throws Exception {
    var site =
        new Site(
            ordered(4),
            element -> {
              if (element % 3 != 0) {
                throw new IllegalStateException();
              }
              return nowAndThen(element);
            });
    assertThat(site.run(30_000)).hasSize(10_000).startsWith(0, 3, 6, 9);
    assertThat(site.pool.left()).isEqualTo(30_000);
  }

  @Test
  void allWorkersAreSoonAtWorkIfTheFunctionBlocks() throws Exception {
    var all = new CountDownLatch(50);
    var site =
        new Site(
            unordered(50),
            element -> {
              all.countDown();
              all.await();
              return element;
            });
    assertThat(site.run(200)).hasSize(200);
  }

  @Test
  void elementIsFoundThatComesWhileWorkersAndOutputBeginToWait() throws Exception {
    int count = 100_000;
    var site = new Site(unordered(2), element -> element);
    List<Object> results =
        site.run(
            () -> {
              for (int i = 0; i < count; i++) {
                site.pool.put(i, null);
                awaitLeft(site.pool, i);
                pass(ThreadLocalRandom.current().nextInt(3_000));
              }
              site.pool.end();
            },
            Integer.MAX_VALUE);
    assertThat(results).isEqualTo(upTo(count));
  }

  private static void awaitLeft(WorkerPool pool, int element) {
    long start = System.nanoTime();
    for (int looks = 1; pool.left() <= element; looks++) {
      if (System.nanoTime() - start > 10_000_000_000L) {
        pool.end();
        throw new AssertionError("nobody has taken element " + element);
      }
      if (looks % 64 == 0) {
        Thread.yield(); // this may be the only carrier
      }
    }
  }

  /** Computes for the given time. */
  private static void pass(long nanos) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < nanos) {
      Thread.onSpinWait();
    }
  }

  @Test
  void finishEndsTheWorkersAndTheIntake() throws Exception {
    var site = new Site(unordered(8), WorkerPoolTest::nowAndThen);
    List<Object> results = site.run(() -> site.bring(Integer.MAX_VALUE), 1000);
    assertThat(results).hasSize(1000);
    assertThat(site.stopped).isTrue();
  }

  @Test
  void keysThatAreNotInsideAreForgotten() {
    var keys = new KeyQueues();
    assertThat(keys.enter("a", 1)).isTrue();
    assertThat(keys.enter("a", 2)).isFalse();
    assertThat(keys.enter("b", 3)).isTrue();
    assertThat(keys.next("a")).isEqualTo(2);
    assertThat(keys.next("a")).isNull();
    assertThat(keys.next("b")).isNull();
    assertThat(keys.isEmpty()).isTrue();
  }
}
