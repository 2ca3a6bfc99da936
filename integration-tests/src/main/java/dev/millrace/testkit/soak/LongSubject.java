package dev.millrace.testkit.soak;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageReport;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/** Many numbers on one of the {@linkplain Course courses}; some sources are settling sources. */
final class LongSubject implements Subject<Tally> {

  private final Course course;
  private final int numbers;
  private final boolean isSettling;
  private final Tally tally;
  private final AtomicLong failures = new AtomicLong();
  private final AtomicLong given = new AtomicLong();
  private final AtomicLong settled = new AtomicLong();
  private final AtomicLong abandoned = new AtomicLong();
  private Count count = new Count(0, () -> {});

  private LongSubject(Course course, int numbers, boolean isSettling) {
    this.course = course;
    this.numbers = numbers;
    this.isSettling = isSettling;
    this.tally = course.tally();
  }

  /**
   * Draws a long pipeline.
   *
   * @param most the largest number of numbers; at least half of it is used
   */
  static LongSubject draw(Course course, int most, RandomGenerator random) {
    int numbers = most / 2 + random.nextInt(most / 2);
    boolean isSettling = random.nextInt(4) == 0;
    return new LongSubject(course, isSettling ? numbers / 4 : numbers, isSettling);
  }

  @Override
  public Pipeline<Tally> pipeline(Hook hook) {
    count =
        new Count(
            numbers,
            () -> {
              hook.call();
              given.incrementAndGet();
            });
    Source<Long> source = isSettling ? Source.settling(count, settlement()) : count;
    return course.addTo(Pipe.from(source), failures::incrementAndGet).to(tally);
  }

  private Settlement<Long> settlement() {
    return new Settlement<>() {
      @Override
      public void settled(Long number) {
        settled.incrementAndGet();
      }

      @Override
      public void abandoned(Long number) {
        abandoned.incrementAndGet();
      }
    };
  }

  @Override
  public int calls() {
    return numbers;
  }

  @Override
  public boolean takesAll() {
    return course != Course.TOGETHER; // a zip ends with its shorter side
  }

  @Override
  public void failed(Failure<?> failure) {
    failures.incrementAndGet();
  }

  @Override
  public long failures() {
    return failures.get();
  }

  @Override
  public void check(Tally result, RunReport report) {
    checkAlways();
    if (course.isLossy()) {
      long dropped = report.stages().stream().mapToLong(StageReport::dropped).sum();
      same(numbers, tally.count() + dropped, "numbers that came or were dropped");
    } else {
      result.checkSame(course.expected(numbers));
    }
    if (isSettling) {
      same(numbers, settled.get(), "numbers that were settled");
    }
  }

  @Override
  public void checkCut(Disturbance how, RunReport report) {
    checkAlways();
  }

  private void checkAlways() {
    count.checkClosed();
    tally.checkOrder();
    if (isSettling) {
      same(given.get(), settled.get() + abandoned.get(), "numbers that were settled or abandoned");
    }
  }

  private static void same(long expected, long actual, String what) {
    if (expected != actual) {
      throw new AssertionError("%s: %d, of %d".formatted(what, actual, expected));
    }
  }

  @Override
  public String toString() {
    return "%s with %d numbers%s".formatted(course, numbers, isSettling ? ", settling" : "");
  }
}
