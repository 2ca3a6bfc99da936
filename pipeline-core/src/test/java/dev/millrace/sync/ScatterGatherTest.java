package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.sync.ScatterGather.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What has arrived is kept, what has not is stopped. */
@Timeout(60)
class ScatterGatherTest {

  private static final Duration LONG = Duration.ofHours(1);

  private final List<String> stopped = new CopyOnWriteArrayList<>();

  private Callable<String> never(String name) {
    return () -> {
      try {
        new CountDownLatch(1).await();
        throw new AssertionError("unreachable");
      } finally {
        stopped.add(name);
      }
    };
  }

  private static Callable<String> fails(Exception failure) {
    return () -> {
      throw failure;
    };
  }

  @Test
  void allAnswersAreInTheOrderOfTheFunctions() throws Exception {
    var barrier = new CyclicBarrier(3); // they run at the same time
    List<Callable<Integer>> functions =
        List.of(
            () -> 1 + 0 * barrier.await(),
            () -> 2 + 0 * barrier.await(),
            () -> 3 + 0 * barrier.await());
    var answers = ScatterGather.within(Context.background(), LONG, functions);
    assertThat(answers.values()).containsExactly(1, 2, 3);
    assertThat(answers.isComplete()).isTrue();
  }

  @Test
  void budgetKeepsWhatHasArrivedAndStopsTheRest() throws Exception {
    var failure = new IOException("no route");
    var answers =
        ScatterGather.within(
            Context.background(),
            Duration.ofSeconds(1), // long enough for those that answer
            List.of(() -> "web", never("images"), fails(failure)));
    assertThat(answers.all())
        .containsExactly(
            new Answer.Value<>("web"), new Answer.Missing<>(), new Answer.Failed<>(failure));
    assertThat(answers.values()).containsExactly("web");
    assertThat(answers.failures()).containsExactly(failure);
    assertThat(answers.isComplete()).isFalse();
    assertThat(stopped).containsExactly("images"); // it has ended before the call returned
  }

  @Test
  void deadlineOfTheContextIsABudgetToo() throws Exception {
    try (var context = Context.background().withTimeout(Duration.ofSeconds(1))) {
      var answers = ScatterGather.within(context, LONG, List.of(() -> "web", never("images")));
      assertThat(answers.values()).containsExactly("web");
    }
  }

  @Test
  void cancelledContextIsNoBudget() throws Exception {
    var cause = new IOException("client gone");
    var started = new CountDownLatch(1);
    try (var context = Context.background().withCancel()) {
      List<Callable<String>> functions =
          List.of(
              () -> {
                started.await();
                context.cancel(cause);
                return "too late";
              },
              () -> {
                started.countDown();
                return never("images").call();
              });
      assertThatThrownBy(() -> ScatterGather.within(context, LONG, functions))
          .isInstanceOf(CancellationException.class)
          .hasCause(cause);
    }
    assertThat(stopped).containsExactly("images");
  }

  @Test
  void errorIsThrownAtOnceByBoth() {
    var started = new CyclicBarrier(2); // both run before one of them panics
    Callable<String> images =
        () -> {
          var _ = started.await();
          return never("images").call();
        };
    Callable<String> panics =
        () -> {
          var _ = started.await();
          throw new LinkageError("planted");
        };
    assertThatThrownBy(
            () -> ScatterGather.within(Context.background(), LONG, List.of(images, panics)))
        .isInstanceOf(LinkageError.class);
    assertThatThrownBy(() -> ScatterGather.first(Context.background(), List.of(images, panics)))
        .isInstanceOf(LinkageError.class);
    assertThat(stopped).containsExactly("images", "images");
  }

  @Test
  void nullIsAFailureThatNamesTheFunction() throws Exception {
    @SuppressWarnings("NullAway") // against the rules: this is the point
    Callable<String> nothing = () -> null;
    var answers = ScatterGather.within(Context.background(), LONG, List.of(nothing));
    assertThat(answers.failures())
        .singleElement()
        .satisfies(e -> assertThat(e).hasMessageContaining("function 0"));
  }

  @Test
  void noFunctionsAreAnsweredAtOnce() throws Exception {
    assertThat(ScatterGather.<String>within(Context.background(), LONG, List.of()).all()).isEmpty();
    assertThatThrownBy(() -> ScatterGather.<String>first(Context.background(), List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void firstReplicaWinsAndTheOthersAreStopped() throws Exception {
    var started = new CountDownLatch(1);
    String answer =
        ScatterGather.first(
            Context.background(),
            List.of(
                () -> {
                  started.countDown();
                  return never("replica 1").call();
                },
                fails(new IOException("down")),
                () -> {
                  started.await();
                  return "replica 3";
                }));
    assertThat(answer).isEqualTo("replica 3");
    assertThat(stopped).containsExactly("replica 1");
  }

  @Test
  void allReplicasFail() {
    var one = new IOException("one");
    var two = new IOException("two");
    assertThatThrownBy(
            () -> ScatterGather.first(Context.background(), List.of(fails(one), fails(two))))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("all 2 functions failed")
        .satisfies(
            e ->
                assertThat(List.of(e.getCause(), e.getSuppressed()[0].getCause()))
                    .containsExactlyInAnyOrder(one, two));
    assertThat(one.getSuppressed()).isEmpty();
  }

  @Test
  void firstObeysItsContext() {
    var started = new CountDownLatch(1);
    try (var context = Context.background().withCancel()) {
      List<Callable<String>> functions =
          List.of(
              () -> {
                started.countDown();
                return never("replica 1").call();
              },
              () -> {
                started.await();
                context.cancel();
                return never("replica 2").call();
              });
      assertThatThrownBy(() -> ScatterGather.first(context, functions))
          .isInstanceOf(CancellationException.class);
    }
    assertThat(stopped).containsExactlyInAnyOrder("replica 1", "replica 2");
  }
}
