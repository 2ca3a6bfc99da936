package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.millrace.channel.Channel;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An element is settled exactly when the last element derived from it has ended. */
abstract class SettlementConformance extends SettlementTheme {

  /**
   * The numbers below {@link #N} that an undisturbed run leaves unsettled; null if they may vary.
   */
  private static @Nullable List<Integer> left(Operator operator) {
    return switch (operator) {
      case WINDOW_OVERLAPPING -> List.of(N - 2, N - 1);
      case TAKE, TAKE_NONE, TAKE_WHILE, TAKE_UNTIL -> null;
      default -> List.of();
    };
  }

  @ParameterizedTest
  @EnumSource
  void elementsThatPassAreSettled(Operator operator) {
    run(operator.addTo(pipe(), "operator").to(Sink.count())).result();
    receipts.check();
    switch (operator) {
      case TAKE -> receipts.checkSettled(numbers(0, 5));
      case TAKE_NONE -> receipts.checkSettled(List.of());
      case TAKE_WHILE, TAKE_UNTIL -> receipts.checkSettled(numbers(0, 8)); // the last ends it
      case WINDOW_OVERLAPPING -> receipts.checkAbandoned(List.of(N - 2, N - 1));
      default -> receipts.checkAbandoned(List.of());
    }
  }

  /** The same, for the operator inside a branch with copies. */
  @ParameterizedTest
  @EnumSource
  void elementsThatPassInLanesAreSettled(Operator operator) {
    var pipe = pipe().balance("lanes", 3, lane -> operator.addTo(lane, "operator"));
    run(pipe.to(Sink.count())).result();
    receipts.check();
    switch (operator) {
      case TAKE,
          TAKE_NONE,
          TAKE_WHILE,
          TAKE_UNTIL -> {} // each lane wants no more from another moment on
      case WINDOW_OVERLAPPING, WINDOW_WITH_GAPS -> {} // a lane may end in the middle of a window
      default -> receipts.checkAbandoned(List.of());
    }
  }

  @ParameterizedTest
  @EnumSource
  void elementIsSettledWhileTheRunGoesOn(Operator operator) {
    assumeFalse(operator.endsEarly() || operator.keepsElements(), "elements wait for others");
    Channel<Integer> numbers = Channel.rendezvous();
    var pipe = Pipe.from(receipts.source(Source.channel(numbers)));
    var trial = start(operator.addTo(pipe, "operator").to(Sink.count()));
    for (int i = 0; i < 8; i++) {
      int sent = i;
      try {
        numbers.send(sent);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      await("the settlement of " + sent, () -> receipts.settled().contains(sent));
    }
    numbers.close();
    trial.end().result();
    receipts.checkAbandoned(List.of());
  }

  @ParameterizedTest
  @EnumSource
  void elementsThatFailAreSettledWhenSomebodyTookTheFailure(Operator operator) {
    var pipe =
        operator.addTo(pipe(), "operator").map("fail", x -> raise(new IOException("x " + x)));
    var trial = start(pipe.to(Sink.count()), Context.background(), failure -> {});
    var ended = trial.end();
    ended.result();
    receipts.check();
    List<Integer> left = left(operator);
    if (left != null) {
      receipts.checkAbandoned(left);
    }
    assertThat(ended.failures())
        .as("plain elements")
        .allMatch(failure -> failure.element() instanceof Integer);
  }

  @ParameterizedTest
  @EnumSource
  void elementsThatStopTheRunAreAbandoned(Operator operator) {
    var cause = new IOException("the first one");
    var pipe = operator.addTo(pipe(), "operator").onFailure(FailurePolicy.stop());
    var ended = run(pipe.map("fail", x -> raise(cause)).to(Sink.count()));
    if (operator == Operator.TAKE_NONE) {
      ended.result();
    } else {
      assertThat(ended.failed()).isSameAs(cause);
    }
    receipts.check();
    checkSettledOnlyWhatWasDropped(operator);
  }

  @ParameterizedTest
  @EnumSource
  void elementsOfACancelledRunAreAbandoned(Operator operator) {
    var started = new CountDownLatch(1);
    try (CancellableContext context = Context.background().withCancel()) {
      var pipe = operator.addTo(pipe(), "operator").take("end", Long.MAX_VALUE);
      var trial =
          start(
              pipe.to(
                  Sink.forEach(
                      x -> {
                        started.countDown();
                        blockForever();
                      })),
              context,
              failure -> {});
      if (operator != Operator.TAKE_NONE) {
        await(started);
        context.cancel(new IOException("stop"));
      }
      trial.end();
    }
    receipts.check();
    checkSettledOnlyWhatWasDropped(operator);
  }

  /** The first element that the operator emits never ends; only dropped elements may be settled. */
  private void checkSettledOnlyWhatWasDropped(Operator operator) {
    switch (operator) {
      case FILTER -> assertThat(receipts.settled()).allMatch(x -> x % 3 == 0);
      case FLAT_MAP, DIVERT_TO -> assertThat(receipts.settled()).allMatch(x -> x % 3 == 0);
      case GROUPS, GROUPS_OF_FEW, SPLIT_BEFORE, SPLIT_AFTER, GROUPS_OF_SIZE, GROUPS_IN_TIME ->
          assertThat(receipts.settled()).allMatch(x -> x % 7 == 0);
      case DISTINCT,
          DISTINCT_OF_FEW,
          DISTINCT_UNTIL_CHANGED,
          SKIP_WHILE,
          EVERY,
          SAMPLE_FIRST,
          TAKE_LAST ->
          assertThat(receipts.settled())
              .doesNotContainAnyElementsOf(operator.expected(numbers(0, N)));
      case SKIP -> assertThat(receipts.settled()).allMatch(x -> x < 3);
      case TAKE_WHILE -> assertThat(receipts.settled()).allMatch(x -> x == 7);
      case WINDOW_WITH_GAPS -> assertThat(receipts.settled()).allMatch(x -> x % 5 > 1);
      case DEBOUNCE, SAMPLE -> assertThat(receipts.settled()).doesNotContain(N - 1);
      default -> assertThat(receipts.settled()).isEmpty();
    }
  }

  /** After a drain, all elements that the source has given are settled. */
  @ParameterizedTest
  @EnumSource
  void elementsOfADrainedRunAreSettled(Operator operator) {
    assumeFalse(
        left(operator) == null || operator == Operator.WINDOW_OVERLAPPING,
        "the elements that are left are not known");
    Channel<Integer> numbers = Channel.buffered(N);
    numbers(0, N).forEach(numbers::trySend);
    var pipe = Pipe.from(receipts.source(Source.channel(numbers)));
    var trial = start(operator.addTo(pipe, "operator").to(Sink.count()));
    await("the last number", () -> numbers.size() == 0);
    trial.run().drain(Duration.ofMinutes(1));
    trial.end().result();
    receipts.check();
    if (!operator.readsOthersAhead()) { // a drain stops the other side of a zip too
      receipts.checkAbandoned(List.of());
    }
  }

  /** Counts, names and the drawing are the same with and without settlement. */
  @ParameterizedTest
  @EnumSource
  void reportKnowsNothingOfIt(Operator operator) {
    assumeFalse(
        operator.endsEarly() || operator.readsOthersAhead(),
        "how far the source came is not the same twice");
    assumeFalse(operator == Operator.CONFLATE, "how much is merged depends on the speeds");
    var plain = operator.addTo(Pipe.from(Numbers.below(N)), "operator").to(Sink.<Integer>toList());
    var settling = operator.addTo(pipe(), "operator").to(Sink.<Integer>toList());
    assertThat(settling.mermaid()).isEqualTo(plain.mermaid());
    var expected = run(plain);
    var ended = run(settling);
    assertThat(ended.result()).containsExactlyInAnyOrderElementsOf(expected.result());
    assertThat(counts(ended.report())).isEqualTo(counts(expected.report()));
  }

  private static List<String> counts(RunReport report) {
    return report.stages().stream()
        .map(
            stage ->
                "%s %d %d %d %d %d %d"
                    .formatted(
                        stage.name(),
                        stage.received(),
                        stage.processed(),
                        stage.failed(),
                        stage.dropped(),
                        stage.produced(),
                        stage.emitted()))
        .toList();
  }
}
