package dev.millrace.stages.internal.fusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.StageReport;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.ledger.Ledger;
import dev.millrace.pipeline.transform.Mapping;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each stage of a chain of mappings has books of its own, as if it were called by itself. */
class FusedMappingsTest {

  private static final Object DROPPED_AT = "dropped";
  private static final Object FAILS_AT = "fails";

  private final Ledger ledger = new Ledger();
  private final List<Account> accounts = new ArrayList<>();
  private final List<Object> made = new ArrayList<>();
  private final List<String> thrown = new ArrayList<>();
  private int calls;

  /** After this number of calls of functions, no stage takes the results. */
  private int leftAfter = Integer.MAX_VALUE;

  private final Taker end =
      new Taker() {
        @Override
        public void push(Object element) {
          made.add(element);
        }
      };

  private final MappingHost host =
      new MappingHost() {
        @Override
        public Guard guard() {
          return () -> calls >= leftAfter;
        }

        @Override
        public void interrupted() {
          Thread.interrupted();
        }

        @Override
        public void left() {
          throw new CancellationException("left");
        }

        @Override
        public void thrown(int index, Object element, Throwable cause) {
          thrown.add(index + " on " + element + ": " + cause.getMessage());
          accounts.get(index).failed();
        }
      };

  /** Stages that each add their number; one of them does something else with the element 0. */
  private FusedMappings chain(int size, int special, Object what) {
    List<Mapping<Object, Object>> mappings = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      accounts.add(i == 0 ? ledger.open("stage 0") : ledger.open("stage " + i, "stage " + (i - 1)));
      mappings.add(i == special ? special(i, what) : plain(i));
    }
    return new FusedMappings(mappings, accounts, host, end);
  }

  private Mapping<Object, Object> plain(int index) {
    return element -> {
      calls++;
      return element + " " + index;
    };
  }

  private Mapping<Object, Object> special(int index, Object what) {
    return element -> special(index, what, element);
  }

  private @Nullable Object special(int index, Object what, Object element) throws IOException {
    calls++;
    if (!element.toString().startsWith("x")) {
      return element + " " + index;
    }
    if (what == FAILS_AT) {
      throw new IOException("by a function");
    }
    return null;
  }

  private void accept(FusedMappings mappings, Object element) {
    accounts.getFirst().received();
    mappings.accept(element);
  }

  /** The engine's part: it takes the results of the last stage. */
  private void emitted() {
    accounts.getLast().produced();
    accounts.getLast().emitted();
  }

  private StageReport stage(int index) {
    return ledger.report().stage("stage " + index);
  }

  private static List<Long> counts(StageReport stage) {
    return List.of(
        stage.received(),
        stage.processed(),
        stage.failed(),
        stage.dropped(),
        stage.produced(),
        stage.emitted());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void everyStageCountsWhatPassesOnce(int size) {
    FusedMappings mappings = chain(size, -1, "");
    accept(mappings, "a");
    emitted();
    accept(mappings, "b");
    emitted();
    String path = IntStream.range(0, size).mapToObj(i -> " " + i).reduce("", String::concat);
    assertThat(made).containsExactly("a" + path, "b" + path);
    for (int i = 0; i < size; i++) {
      assertThat(counts(stage(i))).as("stage %d", i).isEqualTo(List.of(2L, 2L, 0L, 0L, 2L, 2L));
      assertThat(stage(i).balances()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "2, 0", "2, 1", "3, 0", "3, 1", "3, 2", "4, 0", "4, 1", "4, 2", "4, 3"})
  void whatAStageDropsIsCountedThereOnly(int size, int at) {
    FusedMappings mappings = chain(size, at, DROPPED_AT);
    accept(mappings, "x");
    assertThat(made).isEmpty();
    checkStopped(size, at, List.of(1L, 0L, 0L, 1L, 0L, 0L));
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "2, 0", "2, 1", "3, 0", "3, 1", "3, 2", "4, 0", "4, 1", "4, 2", "4, 3"})
  void whatAStageFailsOnIsToldWithItsStageAndElement(int size, int at) {
    FusedMappings mappings = chain(size, at, FAILS_AT);
    accept(mappings, "x");
    String path = IntStream.range(0, at).mapToObj(i -> " " + i).reduce("", String::concat);
    assertThat(thrown).containsExactly(at + " on x" + path + ": by a function");
    assertThat(made).isEmpty();
    checkStopped(size, at, List.of(1L, 0L, 1L, 0L, 0L, 0L));
    accept(mappings, "good");
    assertThat(made).hasSize(1);
  }

  private void checkStopped(int size, int at, List<Long> there) {
    RunReport report = ledger.report();
    assertThat(report.balances()).isTrue();
    for (int i = 0; i < size; i++) {
      List<Long> expected =
          i < at
              ? List.of(1L, 1L, 0L, 0L, 1L, 1L)
              : i == at ? there : List.of(0L, 0L, 0L, 0L, 0L, 0L);
      assertThat(counts(stage(i))).as("stage %d", i).isEqualTo(expected);
    }
  }

  /** The element stays in its stage: processed, and never delivered. */
  @ParameterizedTest
  @CsvSource({"1, 0", "2, 0", "2, 1", "3, 0", "3, 1", "3, 2", "4, 0", "4, 1", "4, 2", "4, 3"})
  void whatGoesNowhereIsUndeliveredInTheStageThatHasMadeIt(int size, int at) {
    FusedMappings mappings = chain(size, -1, "");
    leftAfter = at + 1;
    assertThatThrownBy(() -> accept(mappings, "a")).isInstanceOf(CancellationException.class);
    assertThat(made).isEmpty();
    assertThat(calls).isEqualTo(at + 1);
    checkStopped(size, at, List.of(1L, 1L, 0L, 0L, 1L, 0L));
    ledger.close();
    assertThat(stage(at).undelivered()).isEqualTo(1);
  }

  /** A function reads the counts while it runs. */
  @Test
  void elementIsInFlightInTheStageWhoseFunctionRuns() {
    List<List<Long>> seen = new ArrayList<>();
    List<Mapping<Object, Object>> mappings = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      accounts.add(i == 0 ? ledger.open("stage 0") : ledger.open("stage " + i, "stage " + (i - 1)));
      mappings.add(
          element -> {
            assertThat(ledger.report().balances()).isTrue();
            seen.add(ledger.report().stages().stream().map(StageReport::inFlight).toList());
            return element;
          });
    }
    accept(new FusedMappings(mappings, accounts, host, end), "a");
    assertThat(seen)
        .containsExactly(
            List.of(1L, 0L, 0L, 0L),
            List.of(0L, 1L, 0L, 0L),
            List.of(0L, 0L, 1L, 0L),
            List.of(0L, 0L, 0L, 1L));
    assertThat(accounts).allMatch(account -> account.inFlight() == 0);
  }
}
