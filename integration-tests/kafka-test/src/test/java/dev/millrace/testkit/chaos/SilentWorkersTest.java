package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Workers that report no assignments, or no starts: the oracle checks what can be known. */
class SilentWorkersTest {

  private static Story story() {
    return Story.silent(Ordering.KEY, EnumSet.allOf(Invariant.class));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1 | record that is never processed | produced 0 2; a END 0@0 k0; end
          2 | commit of a record that is not processed | produced 0 2; a END 0@0 k0; broker 0@2
          2 | the worker's own report of such a commit | produced 0 1; a COMMIT 0@1; broker; broker
          3 | commit that goes back | broker 0@5; broker 0@4
          4 | lone ends that go back | a END 0@3 k; a END 0@2 k
          4 | start that overtakes | a START 0@0 k; a START 0@1 k
          8 | exit that no one asked for | a EXITED 1
          9 | too many at once | a START 0@0 a; a START 0@1 b; a START 0@2 c; a START 0@3 d
          10 | member that does not poll | a BEAT 6000 0
          """)
  void brokenInvariantIsFound(int number, String name, String steps) {
    assertThat(story().tell(steps).broken()).as(name).containsExactly(number);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          partition that comes back is replayed | a END 0@0 k; a END 0@1 k; a END 0@0 k; a END 0@1 k
          another worker processed the record in between \
            | a START 0@0 k; a FAILED 0@0 k; b DOES 0@0 k; a DOES 0@1 k
          partition stands still, but may belong to the other | produced 0 2; a DOES 0@0 k0; pass 30
          other worker has the key, and this one does not know it | a START 0@0 k; b START 0@0 k
          commit of a partition without records | a COMMIT 1@7; broker; broker
          record that failed comes again | a START 0@0 k; a FAILED 0@0 k; a DOES 0@0 k; a DOES 0@1 k
          """)
  void whatTheOracleCannotKnowIsNoViolation(String name, String steps) {
    assertThat(story().tell(steps).broken()).as(name).isEmpty();
  }

  @Test
  void workerThatReportsItsAssignmentsIsCheckedAsUsual() {
    assertThat(story().tell("a ASSIGNED 0 1; a RELEASED 0 1 0; a START 0@0 k").broken())
        .containsExactly(6);
    assertThat(story().tell("a ASSIGNED 0 1; produced 0 1; pass 12").broken()).containsExactly(7);
  }

  @Test
  void invariantThatIsNotCheckedIsNotReported() {
    Set<Invariant> others = EnumSet.complementOf(EnumSet.of(Invariant.KEY_ORDER));
    var story = Story.silent(Ordering.KEY, others);
    assertThat(story.tell("a START 0@0 k; a START 0@1 k").broken()).isEmpty();
  }
}
