package dev.millrace.stages.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.graph.Node;
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
 * A crew without an engine: threads that park whenever they are allowed to, and are woken only as
 * promised.
 */
@Timeout(60)
class CrewTest {

  private static final int KEYS = 7;

  /** The function of a worker for an element; a failure is an exception. */
  private interface Function {
    Object apply(int element) throws InterruptedException;
  }

  /** An intake, a crew and an output. Each has threads of its own. */
  private static final class Floor implements Crew.Sides {
    private final Node.Parallel<Object, Object> node;
    private final Function function;
    private final ConcurrentLinkedQueue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final AtomicInteger atOnce = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Crew crew;
    private volatile @Nullable Thread intake;
    private volatile @Nullable Thread output;

    Floor(Pipe<Object> pipe, Function function) {
      this.node = parallel(pipe);
      this.function = function;
      this.crew = new Crew(node, this, Hand::new);
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
        while (!crew.hasRoom() && !stopped.get()) {
          LockSupport.park();
        }
        if (stopped.get()) {
          return;
        }
        crew.put(i, Crew.key(node, i));
        assertThat(i - crew.left()).isLessThan(crew.bound());
      }
      crew.end();
    }

    private void take(List<Object> results, int wanted) {
      while (results.size() < wanted && !crew.isExhausted()) {
        Object result = crew.poll();
        if (result != null) {
          results.add(result);
        } else if (crew.awaitsResult()) {
          LockSupport.park();
        }
      }
      crew.finish();
    }

    private final class Hand extends Crew.Worker {
      private final Crew crew;
      private final Thread thread = Thread.ofVirtual().unstarted(this::run);

      Hand(Crew crew) {
        this.crew = crew;
      }

      private void run() {
        work(crew);
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
      protected void park() {
        LockSupport.park();
      }

      @Override
      protected void wake() {
        LockSupport.unpark(thread);
      }

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
    return pipe().mapParallel("crew", parallelism, x -> x);
  }

  private static Pipe<Object> unordered(int parallelism) {
    return pipe().mapParallelUnordered("crew", parallelism, x -> x);
  }

  private static Pipe<Object> keyed(int parallelism) {
    return pipe().mapKeyed("crew", parallelism, x -> (int) x % KEYS, x -> x);
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
    var floor = new Floor(ordered(parallelism), CrewTest::nowAndThen);
    assertThat(floor.run(50_000)).isEqualTo(upTo(50_000));
    assertThat(floor.most.get()).isLessThanOrEqualTo(parallelism);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 100})
  void eachElementComesOnceWithoutAnOrder(int parallelism) throws Exception {
    var floor = new Floor(unordered(parallelism), CrewTest::nowAndThen);
    assertThat(floor.run(50_000)).containsExactlyInAnyOrderElementsOf(upTo(50_000));
    assertThat(floor.most.get()).isLessThanOrEqualTo(parallelism);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 100})
  void elementsOfAKeyFollowEachOther(int parallelism) throws Exception {
    Map<Integer, AtomicBoolean> busy = new ConcurrentHashMap<>();
    Map<Integer, List<Integer>> begun = new ConcurrentHashMap<>();
    var floor =
        new Floor(
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
    assertThat(floor.run(50_000)).containsExactlyInAnyOrderElementsOf(upTo(50_000));
    assertThat(begun.values()).allSatisfy(list -> assertThat(list).isSorted());
  }

  @Test
  void failedElementsLeaveRoomForOthers() throws Exception {
    var floor =
        new Floor(
            ordered(4),
            element -> {
              if (element % 3 != 0) {
                throw new IllegalStateException();
              }
              return nowAndThen(element);
            });
    assertThat(floor.run(30_000)).hasSize(10_000).startsWith(0, 3, 6, 9);
    assertThat(floor.crew.left()).isEqualTo(30_000);
  }

  @Test
  void allWorkersAreSoonAtWorkIfTheFunctionBlocks() throws Exception {
    var all = new CountDownLatch(50);
    var floor =
        new Floor(
            unordered(50),
            element -> {
              all.countDown();
              all.await();
              return element;
            });
    assertThat(floor.run(200)).hasSize(200);
  }

  @Test
  void elementIsFoundThatComesWhileWorkersAndOutputBeginToWait() throws Exception {
    int count = 100_000;
    var floor = new Floor(unordered(2), element -> element);
    List<Object> results =
        floor.run(
            () -> {
              for (int i = 0; i < count; i++) {
                floor.crew.put(i, null);
                awaitLeft(floor.crew, i);
                pass(ThreadLocalRandom.current().nextInt(3_000));
              }
              floor.crew.end();
            },
            Integer.MAX_VALUE);
    assertThat(results).isEqualTo(upTo(count));
  }

  private static void awaitLeft(Crew crew, int element) {
    long start = System.nanoTime();
    for (int looks = 1; crew.left() <= element; looks++) {
      if (System.nanoTime() - start > 10_000_000_000L) {
        crew.end();
        throw new AssertionError("no worker has taken element " + element);
      }
      if (looks % 64 == 0) {
        Thread.yield(); // this may be the only carrier
      }
    }
  }

  /** Computes for this time. */
  private static void pass(long nanos) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < nanos) {
      Thread.onSpinWait();
    }
  }

  @Test
  void finishEndsTheWorkersAndTheIntake() throws Exception {
    var floor = new Floor(unordered(8), CrewTest::nowAndThen);
    List<Object> results = floor.run(() -> floor.bring(Integer.MAX_VALUE), 1000);
    assertThat(results).hasSize(1000);
    assertThat(floor.stopped).isTrue();
  }

  @Test
  void keysThatAreNotInsideAreForgotten() {
    var keys = new Keys();
    assertThat(keys.enter("a", 1)).isTrue();
    assertThat(keys.enter("a", 2)).isFalse();
    assertThat(keys.enter("b", 3)).isTrue();
    assertThat(keys.next("a")).isEqualTo(2);
    assertThat(keys.next("a")).isNull();
    assertThat(keys.next("b")).isNull();
    assertThat(keys.isEmpty()).isTrue();
  }
}
