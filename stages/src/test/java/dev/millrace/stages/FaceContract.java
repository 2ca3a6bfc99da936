package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The promises of the free functions on either face: each element, and each failure, arrives. The
 * seven defects come from the pipeline in "Applying Modern Go Concurrency Patterns to Data
 * Pipelines" (AMBOSS, 2021); the others are in {@link FaceStopContract}.
 */
abstract class FaceContract extends FaceTheme {

  private static final Context.Key<String> USER = Context.Key.of("user");

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 64})
  void everyElementIsMappedOnce(int parallelism) throws Exception {
    List<Integer> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face().<Integer, Integer>run(group, numbers(20_000), parallelism, x -> x * 2, seen::add);
    }
    assertThat(seen).hasSize(20_000).doesNotHaveDuplicates().allMatch(x -> x % 2 == 0);
  }

  @Test
  void parallelismOneKeepsTheOrder() throws Exception {
    List<Integer> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face().<Integer, Integer>run(group, numbers(1000), 1, x -> x, seen::add);
    }
    assertThat(seen).isSorted().hasSize(1000);
  }

  @Test
  void emptySourceEndsAtOnce() throws Exception {
    List<Integer> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face().<Integer, Integer>run(group, List.of(), 4, x -> x, seen::add);
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void noMoreThanTheParallelismRunAtOnce() throws Exception {
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(
              group,
              numbers(2000),
              3,
              x -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                Thread.yield();
                running.decrementAndGet();
                return x;
              },
              x -> {});
    }
    assertThat(most.get()).isBetween(2, 3);
  }

  @Test
  void failuresLeaveByTheErrorChannelAndValuesGoOn() throws Exception {
    List<Integer> values = new ArrayList<>();
    List<Failure<?>> failures = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(
              group,
              List.of(numbers(1000), numbers(1000), numbers(1000)),
              4,
              x -> {
                if (x % 3 == 0) {
                  throw new IOException("bad " + x);
                }
                return x;
              },
              values::add,
              failures::add);
    }
    assertThat(values).hasSize(3 * 666).noneMatch(x -> x % 3 == 0);
    assertThat(failures)
        .hasSize(3 * 334)
        .allSatisfy(
            failure -> {
              assertThat(failure.stage()).isEqualTo("test");
              assertThat(failure.attempt()).isEqualTo(1);
              assertThat(failure.cause()).hasMessage("bad " + failure.element());
            });
  }

  @Test
  void allElementsFailAndNothingStalls() throws Exception {
    var failures = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(
              group,
              List.of(numbers(5000)),
              8,
              x -> {
                throw new IllegalStateException("all");
              },
              x -> {},
              failure -> failures.incrementAndGet());
    }
    assertThat(failures).hasValue(5000);
  }

  @Test
  @SuppressWarnings("NullAway") // to see it refused
  void nullResultIsAFailure() throws Exception {
    List<Failure<?>> failures = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(group, List.of(numbers(1)), 1, x -> null, x -> {}, failures::add);
    }
    assertThat(failures.getFirst().cause()).hasMessageContaining("returned null");
  }

  @Test
  void contextIsCurrentInFunctions() throws Exception {
    List<String> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background().withValue(USER, "ann"))) {
      face()
          .<Integer, String>run(
              group, numbers(3), 2, x -> "" + Context.current().value(USER), seen::add);
    }
    assertThat(seen).containsOnly("ann");
  }

  /** Defect 5: the sink returns when the values close, and loses the errors that are pending. */
  @Test
  void sinkTakesTheLastFailures() throws Exception {
    for (int round = 0; round < 200; round++) {
      var failures = new AtomicInteger();
      try (var group = TaskGroup.open(Context.background())) {
        face()
            .<Integer, Integer>run(
                group,
                List.of(numbers(10)),
                10,
                x -> {
                  if (x >= 5) {
                    throw new IOException("late");
                  }
                  return x;
                },
                x -> {},
                failure -> failures.incrementAndGet());
      }
      assertThat(failures).hasValue(5);
    }
  }

  @Test
  void slowFailureHandlerSlowsTheRunAndLosesNothing() throws Exception {
    var failures = new AtomicInteger();
    var ahead = new AtomicInteger();
    var most = new AtomicInteger();
    try (var group = TaskGroup.open(Context.background())) {
      face()
          .<Integer, Integer>run(
              group,
              List.of(numbers(500)),
              2,
              x -> {
                most.accumulateAndGet(ahead.incrementAndGet(), Math::max);
                throw new IOException("bad");
              },
              x -> {},
              failure -> {
                Thread.yield();
                ahead.decrementAndGet();
                failures.incrementAndGet();
              });
    }
    assertThat(failures).hasValue(500);
    assertThat(most.get()).isLessThan(20);
  }
}
