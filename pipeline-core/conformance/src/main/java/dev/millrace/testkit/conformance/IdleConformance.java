package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run that waits for elements holds no reference to an element that has left the run. */
abstract class IdleConformance extends Theme {

  /** A multiple of all sizes of batches and numbers of lanes. */
  private static final int COUNT = 96;

  private final Queue<WeakReference<Object>> made = new ConcurrentLinkedQueue<>();

  /** Operators that keep no element on purpose. */
  @SuppressWarnings("ImmutableEnumChecker") // functions without state
  enum Stateless {
    MAP(pipe -> pipe.map("op", x -> x)),
    FILTER(pipe -> pipe.filter("op", x -> true)),
    FLAT_MAP(pipe -> pipe.flatMap("op", List::of)),
    TEE(pipe -> pipe.tee("op", x -> {})),
    TAKE(pipe -> pipe.take("op", 1_000)),
    SKIP(pipe -> pipe.skip("op", 1)),
    BATCH(pipe -> pipe.batch("op", 8).flatMap("flat", list -> list)),
    BATCH_IN_TIME(pipe -> pipe.batch("op", 8, Duration.ofHours(1)).flatMap("flat", list -> list)),
    THROTTLE(pipe -> pipe.throttle("op", 1_000, Duration.ofMillis(1))),
    BUFFER(pipe -> pipe.buffer("op", 4)),
    BUFFER_DROPPING(pipe -> pipe.buffer("op", COUNT, Overflow.DROP_OLDEST)),
    MAP_PARALLEL(pipe -> pipe.mapParallel("op", 4, x -> x)),
    MAP_PARALLEL_UNORDERED(pipe -> pipe.mapParallelUnordered("op", 64, x -> x)),
    MAP_KEYED(pipe -> pipe.mapKeyed("op", 4, x -> x.hashCode() % 3, x -> x)),
    BROADCAST(pipe -> pipe.broadcast("op", List.of(lane -> lane, lane -> lane.map("x", x -> x)))),
    BALANCE(pipe -> pipe.balance("op", 3, lane -> lane.map("lane", x -> x))),
    PARTITION_BY(
        pipe -> pipe.partitionBy("op", Object::hashCode, 3, lane -> lane.map("lane", x -> x))),
    MERGE(pipe -> Pipe.merge("op", List.of(pipe, Pipe.from("other", Source.of(List.of()))))),
    CONCAT(pipe -> Pipe.concat("op", List.of(pipe, Pipe.from("other", Source.of(List.of()))))),
    ZIP(pipe -> pipe.zip("op", Pipe.from("other", Numbers.endless()), (x, y) -> x));

    private final UnaryOperator<Pipe<Object>> adding;

    Stateless(UnaryOperator<Pipe<Object>> adding) {
      this.adding = adding;
    }
  }

  private Object make() {
    var object = new Object();
    made.add(new WeakReference<>(object));
    return object;
  }

  @ParameterizedTest
  @EnumSource
  void elementsThatHaveLeftAreNotKept(Stateless operator) {
    var given = new AtomicInteger();
    var idle = new CountDownLatch(1);
    Source<Object> source =
        Source.generate(
            () -> {
              if (given.getAndIncrement() == COUNT) {
                idle.countDown();
                blockForever();
              }
              return make();
            });
    var taken = new AtomicInteger();
    var pipe =
        operator.adding.apply(Pipe.from(source)).mapParallelUnordered("work", 16, x -> make());
    var trial = start(pipe.to(Sink.forEach(x -> taken.incrementAndGet())));
    await(idle);
    await("all elements in the sink", () -> taken.get() >= COUNT - 1);
    await(
        "nothing that has left the run to be reachable",
        () -> {
          System.gc();
          return made.stream().allMatch(reference -> reference.get() == null);
        });
    trial.run().drain(kit().patience());
    trial.end().result();
  }
}
