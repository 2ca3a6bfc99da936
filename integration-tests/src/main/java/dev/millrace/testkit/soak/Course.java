package dev.millrace.testkit.soak;

import dev.millrace.errors.Backoff;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Node.Overflow;
import dev.millrace.pipeline.Pipe;
import dev.millrace.stages.Retry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongToIntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/** The kinds of long pipelines: written by hand, each with a model. */
@SuppressWarnings("ImmutableEnumChecker") // functions without state
enum Course {
  FUSED(
      (pipe, _) ->
          pipe.map("more", x -> x + 1)
              .map("twice", x -> x * 2)
              .filter("some", x -> x % 3 != 0)
              .tee("look", x -> {})
              .map("half", x -> x / 2)
              .scan("largest", () -> -1L, Math::max),
      numbers -> numbers.map(x -> x + 1).filter(x -> x * 2 % 3 != 0),
      x -> 0),
  BOUNDARIES(
      (pipe, _) ->
          pipe.buffer("one", 1)
              .map("first", x -> x + 1)
              .buffer("sixteen", 16)
              .map("second", x -> x + 1)
              .buffer("many", 128)
              .map("third", x -> x + 1),
      numbers -> numbers.map(x -> x + 3),
      x -> 0),
  PARALLEL(
      (pipe, _) -> pipe.mapParallel("eight", 8, x -> x + 1).mapParallel("two", 2, x -> x + 1),
      numbers -> numbers.map(x -> x + 2),
      x -> 0),
  UNORDERED(
      (pipe, _) -> pipe.mapParallelUnordered("eight", 8, x -> x + 1),
      numbers -> numbers.map(x -> x + 1),
      x -> Tally.NO_LANE),
  ASYNC(
      (pipe, _) -> pipe.mapAsync("eight", 8, x -> CompletableFuture.supplyAsync(() -> x + 1)),
      numbers -> numbers.map(x -> x + 1),
      x -> 0),
  KEYED(
      (pipe, _) -> pipe.mapKeyed("eight", 8, Course::key, x -> x + Course.KEYS),
      numbers -> numbers.map(x -> x + Course.KEYS),
      Course::key),
  PARTITION(
      (pipe, _) ->
          pipe.partitionBy(
              "four",
              Course::key,
              4,
              lane -> lane.filter("some", x -> x % 5 != 0).map("more", x -> x + Course.KEYS)),
      numbers -> numbers.filter(x -> x % 5 != 0).map(x -> x + Course.KEYS),
      Course::key),
  BALANCE(
      (pipe, _) -> pipe.balance("four", 4, lane -> lane.map("more", x -> x + 1)),
      numbers -> numbers.map(x -> x + 1),
      x -> Tally.NO_LANE),
  BROADCAST(
      (pipe, _) ->
          Pipe.merge(
              "merge",
              List.of(
                  pipe.broadcast(
                      "two",
                      List.of(
                          lane -> lane.map("even", x -> x * 2),
                          lane -> lane.buffer("four", 4).map("odd", x -> x * 2 + 1))),
                  Pipe.from("other", new Count(Course.OTHERS, () -> {}))
                      .map("negative", x -> x - Course.OTHERS))),
      numbers ->
          LongStream.concat(
              numbers.flatMap(x -> LongStream.of(x * 2, x * 2 + 1)),
              LongStream.range(-Course.OTHERS, 0)),
      x -> x < 0 ? 2 : (int) (x % 2)),
  LISTS(
      (pipe, _) ->
          pipe.batch("batch", 64)
              .flatMap("unbatch", list -> list)
              .batch("timed", 16, Duration.ofMillis(5))
              .flatMap("untimed", list -> list)
              .window("window", 1, 1)
              .flatMap("unwindow", list -> list),
      numbers -> numbers,
      x -> 0),
  FLAT_MAP(
      (pipe, _) ->
          pipe.flatMap(
              "thrice", x -> x % 2 == 0 ? List.of(x * 3, x * 3 + 1, x * 3 + 2) : List.of()),
      numbers -> numbers.filter(x -> x % 2 == 0).flatMap(x -> LongStream.range(x * 3, x * 3 + 3)),
      x -> 0),
  DROPS_OLDEST(
      (pipe, _) ->
          pipe.buffer("lossy", 16, Overflow.DROP_OLDEST).tee("slow", x -> Course.pause(x, 100)),
      numbers -> LongStream.empty(),
      x -> 0),
  DROPS_NEWEST(
      (pipe, _) ->
          pipe.buffer("lossy", 16, Overflow.DROP_NEWEST).tee("slow", x -> Course.pause(x, 100)),
      numbers -> LongStream.empty(),
      x -> 0),
  SLOW_CONSUMER(
      (pipe, _) -> pipe.buffer("wide", 64).tee("slow", x -> Course.pause(x, 1000)),
      numbers -> numbers,
      x -> 0),
  RETRY(
      (pipe, _) -> {
        var failed = new AtomicLong(-1);
        var retry = Retry.of(Backoff.none(), 2);
        return pipe.map(
            "retry",
            retry.around(
                x -> {
                  if (Course.isBad(x) && failed.getAndSet(x) != x) {
                    throw new Planned();
                  }
                  return x;
                }));
      },
      numbers -> numbers,
      x -> 0),
  FAILING(
      (pipe, _) -> pipe.mapParallel("fails", 4, Course::goodOnly),
      numbers -> numbers.filter(x -> !Course.isBad(x)),
      x -> 0),
  DEAD_LETTERS(
      (pipe, deadLetter) ->
          pipe.onFailure(FailurePolicy.deadLetters(failure -> deadLetter.run()))
              .mapKeyed("fails", 4, Course::key, Course::goodOnly),
      numbers -> numbers.filter(x -> !Course.isBad(x)),
      Course::key),
  TOGETHER(
      (pipe, _) ->
          Pipe.concat(
                  "after",
                  List.of(
                      Pipe.from("other", new Count(Course.OTHERS, () -> {}))
                          .map("negative", x -> x - Course.OTHERS),
                      pipe))
              .zip("zip", Pipe.from("endless", new Count(Long.MAX_VALUE, () -> {})), (x, _) -> x),
      numbers -> LongStream.concat(LongStream.range(-Course.OTHERS, 0), numbers),
      x -> 0),
  THROTTLED(
      (pipe, _) -> pipe.throttle("throttle", 1_000, Duration.ofMillis(1)),
      numbers -> numbers,
      x -> 0);

  /** The number of lanes; each lane keeps its order. */
  static final int KEYS = 101;

  private static final int OTHERS = 1_000;
  private static final int BAD_EACH = 500;

  /** Thrown for an element that must fail. */
  private static final class Planned extends IOException {
    private static final long serialVersionUID = 1;

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }

  /** Continues a pipe of rising numbers. */
  @FunctionalInterface
  private interface Adding {
    Pipe<Long> to(Pipe<Long> pipe, Runnable deadLetter);
  }

  private final Adding adding;
  private final UnaryOperator<LongStream> model;
  private final LongToIntFunction lane;

  Course(Adding adding, UnaryOperator<LongStream> model, LongToIntFunction lane) {
    this.adding = adding;
    this.model = model;
    this.lane = lane;
  }

  /**
   * The pipe, continued.
   *
   * @param deadLetter called for each dead letter
   */
  Pipe<Long> addTo(Pipe<Long> pipe, Runnable deadLetter) {
    return adding.to(pipe, deadLetter);
  }

  /** Whether it drops elements in a way that no model can predict. */
  boolean isLossy() {
    return this == DROPS_OLDEST || this == DROPS_NEWEST;
  }

  /** An empty tally of the outputs. */
  Tally tally() {
    return new Tally(KEYS, lane);
  }

  /** The expected outputs of {@code numbers} inputs. */
  Tally expected(long numbers) {
    var expected = new Tally(0, x -> Tally.NO_LANE);
    model.apply(LongStream.range(0, numbers)).forEach(expected::add);
    return expected;
  }

  private static int key(long number) {
    return (int) (number % KEYS);
  }

  private static boolean isBad(long number) {
    return number % BAD_EACH == 1;
  }

  private static Long goodOnly(Long number) throws Planned {
    if (isBad(number)) {
      throw new Planned();
    }
    return number;
  }

  private static void pause(long number, int each) {
    if (number % each == 0) {
      LockSupport.parkNanos(100_000);
    }
  }
}
