package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.chaos.Plan.Contents;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The outputs that readers of committed records may see. */
class LedgerTest {

  private static final String NONE = valueWith(0);
  private static final String ONE = valueWith(1);
  private static final String TWO = valueWith(2);

  private Ledger ledger = new Ledger(Contents.PLAIN, 0, Ordering.PARTITION);

  private static String valueWith(int outputs) {
    return IntStream.range(0, 1000)
        .mapToObj(i -> "record-" + i)
        .filter(value -> Derived.of(0, 0, value).size() == outputs)
        .findFirst()
        .orElseThrow();
  }

  private void inputs(String... values) {
    for (int i = 0; i < values.length; i++) {
      ledger.inputLeft(0, i, values[i]);
    }
  }

  private void outputs(long offset, String value) {
    Derived.of(0, offset, value).forEach(one -> ledger.output(2, "k", one));
  }

  private List<String> wrong() {
    List<String> wrong = new ArrayList<>();
    ledger.check(
        (invariant, what, partition, key) -> {
          assertThat(invariant).isEqualTo(Invariant.EXACTLY_ONCE);
          wrong.add(what);
        });
    return wrong;
  }

  @Test
  void whatIsMadeOfARecordIsKnownFromItsText() {
    Derived.of(3, 17, TWO).forEach(one -> assertThat(Derived.parse(one.text())).isEqualTo(one));
  }

  @Test
  void eachRecordHasWhatIsMadeOfItOrIsADeadLetter() {
    inputs(ONE, TWO, NONE, "poison-3", "garbage-4");
    outputs(0, ONE);
    outputs(1, TWO);
    ledger.letter(0, 3);
    ledger.letter(0, 4);
    assertThat(wrong()).isEmpty();
  }

  @Test
  void recordWithoutOutputIsFound() {
    inputs(ONE, ONE);
    outputs(1, ONE);
    assertThat(wrong()).singleElement().asString().contains("p0@0", "has no output");
  }

  @Test
  void poisonThatIsNoDeadLetterIsFound() {
    inputs("poison-0");
    assertThat(wrong()).singleElement().asString().contains("is no dead letter");
  }

  @Test
  void outputThatThereIsTwiceIsFound() {
    inputs(ONE);
    outputs(0, ONE);
    outputs(0, ONE);
    assertThat(wrong()).singleElement().asString().contains("p0@0", "but should have");
  }

  @Test
  void outputOfARecordThatHasNoneIsFound() {
    inputs(NONE);
    ledger.output(0, "k", new Derived(0, 0, 0, NONE));
    assertThat(wrong()).hasSize(1);
  }

  @Test
  void oneOfTwoOutputsIsFound() {
    inputs(TWO);
    ledger.output(0, "k", Derived.of(0, 0, TWO).getLast());
    assertThat(wrong()).hasSize(1);
  }

  @Test
  void deadLetterThatThereIsTwiceIsFound() {
    inputs("poison-0");
    ledger.letter(0, 0);
    ledger.letter(0, 0);
    assertThat(wrong()).singleElement().asString().contains("is 2 dead letters");
  }

  @Test
  void deadLetterWithOutputsIsFound() {
    ledger = new Ledger(Contents.PLAIN, 0.02, Ordering.PARTITION);
    inputs(ONE);
    ledger.letter(0, 0);
    assertThat(wrong()).isEmpty();
    outputs(0, ONE);
    assertThat(wrong()).singleElement().asString().contains("and there is output");
  }

  @Test
  void goodRecordIsNoDeadLetterIfHandlersDoNotFail() {
    inputs(ONE);
    ledger.letter(0, 0);
    assertThat(wrong()).singleElement().asString().contains("nothing wrong with it");
  }

  @Test
  void outputOfARecordThatWasAbortedIsFound() {
    inputs(ONE);
    outputs(0, ONE);
    outputs(1, ONE);
    assertThat(wrong()).singleElement().asString().contains("p0@1 is no committed record");
  }

  @Test
  void outputsThatAreNotInTheOrderOfTheirRecordsAreFound() {
    inputs(ONE, ONE);
    outputs(1, ONE);
    outputs(0, ONE);
    assertThat(wrong()).singleElement().asString().contains("comes before");
  }

  @Test
  void recordThatWasDeletedBeforeItWasCommittedHasAllOrNothing() {
    ledger.input(0, 0, ONE);
    ledger.input(0, 1, ONE);
    ledger.input(0, 2, TWO);
    ledger.deleted(0, 1, 5);
    outputs(3, TWO); // the ledger does not know it
    assertThat(wrong()).singleElement().asString().contains("p0@0", "has no output");
    outputs(0, ONE);
    ledger.output(1, "k", Derived.of(0, 2, TWO).getFirst());
    assertThat(wrong()).anyMatch(one -> one.contains("p0@2"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void recordThatWasCompactedAwayHasAllOrNothing(int offset) {
    ledger = new Ledger(Contents.COMPACTED, 0, Ordering.PARTITION);
    ledger.input(0, 0, ONE);
    ledger.input(0, 1, ONE);
    assertThat(wrong()).isEmpty();
    ledger.inputLeft(0, offset, ONE);
    assertThat(wrong()).singleElement().asString().contains("p0@" + offset);
  }
}
