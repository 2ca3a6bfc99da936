package dev.millrace.benchmarks;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.sync.Semaphore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

/** Something that grows, and the time of one unit while it does. */
enum ScalingRow {
  ELEMENTS("elements, fused chain of 2", "element", 1_000, 10_000, 100_000, 1_000_000, 10_000_000),
  STAGES("stages, fused", "element and stage", 1, 10, 100, 300),
  STARTS("runs without a boundary", "run", 10, 100, 1_000, 10_000),
  CONCURRENCY("concurrency, sleep of 1 ms", "element", 10, 100, 1_000, 10_000, 100_000),
  PARTITIONS("lanes of partitionBy", "element", 10, 100, 1_000, 4_000),
  BALANCE("copies of balance", "element", 1, 8, 64),
  MERGE("inputs of merge, one active", "element", 10, 100, 1_000, 4_000),
  KEYS("keys of mapKeyed", "element", 10, 1_000, 100_000, 1_000_000),
  WAITERS("waiters of a semaphore", "waiter", 10, 100, 1_000, 10_000, 100_000),
  CLAUSES("clauses of a select, one ready", "select", 2, 10, 100, 500),
  CONTEXTS("contexts below one", "context", 10, 100, 1_000, 10_000, 100_000, 1_000_000),
  CHANNELS("idle channels", "channel", 1_000, 10_000, 100_000);

  private static final int QUICK = 100_000;
  private static final int SMALL = 20_000;

  private final String title;
  private final String unit;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is immutable
  private final List<Integer> sizes;

  ScalingRow(String title, String unit, Integer... sizes) {
    this.title = title;
    this.unit = unit;
    this.sizes = List.of(sizes);
  }

  String title() {
    return title;
  }

  String unit() {
    return unit;
  }

  /** The sizes; the large ones are left out of a quick run. */
  List<Integer> sizes(boolean quick) {
    return sizes.stream().filter(size -> !quick || size <= QUICK).toList();
  }

  /** Runs once with this size; the number of units. */
  long run(int size, Engine engine) throws Exception {
    return switch (this) {
      case ELEMENTS -> {
        count(numbers(size).map("a", Numbers::plus).map("b", Numbers::plus), engine);
        yield size;
      }
      case STAGES -> {
        Pipe<Integer> pipe = numbers(SMALL);
        for (int i = 0; i < size; i++) {
          pipe = pipe.map("map" + i, Numbers::plus);
        }
        count(pipe, engine);
        yield (long) SMALL * size;
      }
      case STARTS -> {
        for (int i = 0; i < size; i++) {
          count(numbers(1).map("a", Numbers::plus), engine);
        }
        yield size;
      }
      case CONCURRENCY -> {
        int elements = Math.max(1_000, 2 * size);
        count(numbers(elements).mapParallelUnordered("a", size, ScalingRow::sleep), engine);
        yield elements;
      }
      case PARTITIONS -> {
        Pipe<Integer> pipe = numbers(many(size));
        count(pipe.partitionBy("a", n -> n, size, lane -> lane.map("b", Numbers::plus)), engine);
        yield many(size);
      }
      case BALANCE -> {
        Pipe<Integer> pipe = numbers(many(size));
        count(pipe.balance("a", size, lane -> lane.map("b", Numbers::plus)), engine);
        yield many(size);
      }
      case MERGE -> merge(size, engine);
      case KEYS -> {
        int elements = Math.max(QUICK, size);
        count(numbers(elements).mapKeyed("a", 8, n -> n % size, Numbers::plus), engine);
        yield elements;
      }
      case WAITERS -> waiters(size);
      case CLAUSES -> clauses(size);
      case CONTEXTS -> {
        try (var parent = Context.background().withCancel()) {
          for (int i = 0; i < size; i++) {
            var _ = parent.withCancel();
          }
          parent.cancel();
        }
        yield size;
      }
      case CHANNELS -> {
        List<Channel<Integer>> all = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
          all.add(Channel.buffered(16));
        }
        yield all.size();
      }
    };
  }

  /** Enough elements that the start of this number of threads does not count. */
  private static int many(int threads) {
    return Math.max(QUICK, 500 * threads);
  }

  private static Pipe<Integer> numbers(int count) {
    return Pipe.from(Source.of(new Numbers(count)));
  }

  private static void count(Pipe<Integer> pipe, Engine engine) throws Exception {
    try (var run = pipe.to(Sink.count()).start(engine, Context.background())) {
      var _ = run.join();
    }
  }

  private static int sleep(int n) throws InterruptedException {
    Thread.sleep(1);
    return n;
  }

  /** The idle inputs wait until the active one has ended. */
  private static long merge(int inputs, Engine engine) throws Exception {
    int last = many(inputs);
    var end = new CountDownLatch(1);
    List<Pipe<Integer>> pipes = new ArrayList<>();
    pipes.add(
        Pipe.from(
            Source.of(
                () ->
                    IntStream.rangeClosed(1, last)
                        .peek(
                            n -> {
                              if (n == last) {
                                end.countDown();
                              }
                            })
                        .iterator())));
    for (int i = 1; i < inputs; i++) {
      pipes.add(
          Pipe.from(
              "idle" + i,
              Source.of(() -> IntStream.range(0, 1).filter(n -> wait(end)).iterator())));
    }
    count(Pipe.merge("merge", pipes), engine);
    return last;
  }

  private static boolean wait(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private static long waiters(int size) throws InterruptedException {
    var semaphore = new Semaphore(1);
    semaphore.acquire(1);
    var done = new CountDownLatch(size);
    for (int i = 0; i < size; i++) {
      Thread.startVirtualThread(
          () -> {
            try {
              semaphore.acquire(1);
              semaphore.release();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            done.countDown();
          });
    }
    while (semaphore.waiting() < size) {
      Thread.sleep(1);
    }
    semaphore.release();
    done.await();
    return size;
  }

  private static long clauses(int size) throws Exception {
    List<Channel<Integer>> channels = new ArrayList<>();
    Select<Integer> select = new Select<>();
    for (int i = 0; i < size; i++) {
      Channel<Integer> channel = Channel.buffered(1);
      channels.add(channel);
      select.onReceive(channel, n -> n);
    }
    for (int i = 0; i < SMALL; i++) {
      channels.get(i % size).send(i);
      var _ = select.select();
    }
    return SMALL;
  }
}
