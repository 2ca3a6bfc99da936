package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** For each invariant, the events that a loop would write if it broke the invariant. */
class OracleTest {

  private static final List<Integer> NOTHING = List.of();

  static List<Arguments> stories() {
    return List.of(
        story(
            "record that nobody processed is missing",
            List.of(1),
            "produced 0 2; a DOES 0@0 k0; end"),
        story(
            "dead letter that is not in its topic is missing",
            List.of(1),
            "produced 0 1; a LETTER 0@0; end"),
        story(
            "broker's commit may not pass what runs",
            List.of(2),
            "produced 0 2; a START 0@0 k0; a DOES 0@1 k1; broker 0@2"),
        story(
            "worker's commit is checked when all logs have been read",
            List.of(2),
            "produced 0 1; a COMMIT 0@1; broker; fine; broker"),
        story("commits never go back", List.of(3), "broker 0@5; broker 0@4"),
        story("commits of a worker never go back", List.of(3), "a COMMIT 0@5; a COMMIT 0@4"),
        story(
            "automatic commits are reported late",
            List.of(),
            "produced 0 5; a DOES 0@0 k0; a DOES 0@1 k1; a DOES 0@2 k2; a DOES 0@3 k3; a DOES 0@4"
                + " k4; a AUTO_COMMIT 0@5; a AUTO_COMMIT 0@4; broker 0@5"),
        story(
            "automatic commits never go back at the broker",
            List.of(3),
            "a AUTO_COMMIT 0@5; broker 0@5; a AUTO_COMMIT 0@4; broker 0@4"),
        story(
            "nothing is replayed from below the commit",
            List.of(3),
            "broker 0@5; a RELEASED 0 1 0; b ASSIGNED 0 2; b START 0@4 k4"),
        story(
            "group whose commits have expired begins again",
            NOTHING,
            "produced 0 3; a DOES 0@0 k0; a DOES 0@1 k1; a DOES 0@2 k2; broker 0@3; a COMMIT 0@3;"
                + "a TERMINATED; a CLOSED; a EXITED 0; conductor EXPIRED; broker; b ASSIGNED 0 2;"
                + "b DOES 0@0 k0; b DOES 0@1 k1; b DOES 0@2 k2; broker 0@3; end"),
        story(
            "group whose commits have expired must not leave out what it knows",
            List.of(1),
            "produced 0 2; a DOES 0@0 k0; a DOES 0@1 k1; broker 0@2; a TERMINATED; a CLOSED;"
                + "a EXITED 0; conductor EXPIRED; broker; b ASSIGNED 0 2; b DOES 0@1 k1; end"),
        story(
            "commit after an expiry needs new work",
            List.of(2),
            "produced 0 2; a DOES 0@0 k0; a DOES 0@1 k1; broker 0@2; a TERMINATED; a CLOSED;"
                + "a EXITED 0; conductor EXPIRED; fine; broker 0@2"),
        story("two of a key may not run at once", List.of(4), "a START 0@0 k; a START 0@1 k"),
        story("offsets of a key rise", List.of(4), "a DOES 0@3 k; a DOES 0@2 k"),
        story(
            "record that failed is not overtaken",
            List.of(4),
            "a START 0@0 k; a FAILED 0@0 k; a START 0@1 k"),
        story(
            "dead letter may be safe after its partition has come back",
            NOTHING,
            "a START 0@1 k; a FAILED 0@1 k; a RELEASED 0 1 1; a ASSIGNED 0 2; a LETTER 0@1;"
                + "a DOES 0@0 k; a START 0@1 k"),
        story(
            "two workers may not run one key at once",
            List.of(4),
            "a START 0@0 k; b ASSIGNED 0 2; b START 0@0 k"),
        story(
            "worker that was stopped may not know that it has lost a key",
            NOTHING,
            "a START 0@0 k; a STOPPED; b ASSIGNED 0 2; b START 0@0 k"),
        story(
            "duplicates beyond the window are too many",
            List.of(5),
            "a DOES 0@0 k; a DOES 0@1 k; a DOES 0@2 k; a RELEASED 0 1 0; b ASSIGNED 0 2;"
                + "b DOES 0@0 k; b DOES 0@1 k; fine; b DOES 0@2 k"),
        story(
            "fault allows as many more as its seconds do",
            NOTHING,
            "a DOES 0@0 k; a DOES 0@1 k; a DOES 0@2 k; conductor FAULT; idle 3; conductor REPAIRED;"
                + "a RELEASED 0 1 0; b ASSIGNED 0 2; b DOES 0@0 k; b DOES 0@1 k; b DOES 0@2 k"),
        story(
            "failed commit allows as many more as its seconds do",
            NOTHING,
            "a DOES 0@0 k; a DOES 0@1 k; a DOES 0@2 k; idle 3; a COMMIT_FAILED 100;"
                + "a RELEASED 0 1 0; b ASSIGNED 0 2; b DOES 0@0 k; b DOES 0@1 k; b DOES 0@2 k"),
        story(
            "failed commit allows no more than its seconds do",
            List.of(5),
            "a DOES 0@0 k; a DOES 0@1 k; a DOES 0@2 k; idle 3; a COMMIT_FAILED 99;a RELEASED 0 1 0;"
                + " b ASSIGNED 0 2; b DOES 0@0 k; b DOES 0@1 k; fine; b DOES 0@2 k"),
        story(
            "seconds in which two workers' commits failed count once",
            List.of(5),
            "a DOES 0@0 k; a DOES 0@1 k; a DOES 0@2 k; idle 3; a COMMIT_FAILED 98;"
                + "b COMMIT_FAILED 98; a RELEASED 0 1 0; b ASSIGNED 0 2;"
                + "b DOES 0@0 k; b DOES 0@1 k; fine; b DOES 0@2 k"),
        story( // one more handler had begun, but had not logged its start
            "nothing starts after the revoke",
            List.of(6),
            "a START 0@0 k0; a RELEASED 0 1 2; a START 0@1 k1; fine; a START 0@2 k2"),
        story( // the first commit was sent before the revoke
            "nothing is committed after the revoke that ran then",
            List.of(6),
            "a START 0@0 k0; a RELEASED 0 1 1; a END 0@0 k0; a COMMIT 0@0; fine; a COMMIT 0@1"),
        story(
            "partition with lag may not stand still",
            List.of(7),
            "produced 0 1; pass 9; fine; pass 3"),
        story(
            "while a broker is away nothing must move",
            List.of(7),
            "produced 0 1; conductor FAULT; pass 30; conductor REPAIRED; pass 15; fine; pass 5"),
        story("worker ends in time", List.of(8), "a TERMINATED; pass 7; fine; pass 3"),
        story(
            "JVM that gets a signal in its first moments ends by any error",
            NOTHING,
            "c LAUNCHED; c TERMINATED; c EXITED 1"),
        story(
            "worker that has begun does not end by an error",
            List.of(8),
            "c LAUNCHED; c BEAT 0 0; c TERMINATED; c EXITED 1"),
        story("worker leaves no thread", List.of(8), "a TERMINATED; a CLOSED 'leak'"),
        story("worker does not end by itself", List.of(8), "a EXITED 1"),
        story(
            "handlers are bounded",
            List.of(9),
            "a START 0@0 k0; a START 0@1 k1; a START 0@2 k2; fine; a START 0@3 k3"),
        story("heap is bounded", List.of(9), "a BEAT 0 1000; fine; a BEAT 0 1001"),
        story("member keeps polling", List.of(10), "a BEAT 5000 0; fine; a BEAT 6000 0"));
  }

  private static Arguments story(String promise, List<Integer> broken, String steps) {
    return arguments(promise, broken, steps);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("stories")
  void brokenInvariantIsFound(String promise, List<Integer> broken, String steps) {
    assertThat(new Story(Ordering.KEY).tell(steps).broken()).as(promise).isEqualTo(broken);
  }

  @Test
  void healthyGroupBreaksNothing() {
    var story =
        new Story(Ordering.KEY)
            .tell("produced 0 6; a DOES 0@0 k; a DOES 0@1 k; a START 0@2 x; a FAILED 0@2 x")
            .tell(
                "a START 0@3 y; a START 0@2 x; a COMMIT 0@2; broker 0@2; a END 0@2 x; a END 0@3 y")
            .tell("a COMMIT 0@4; a RELEASED 0 1 0; b ASSIGNED 0 2; b DOES 0@4 k; b LETTER 0@5")
            .tell("b COMMIT 0@6; broker 0@6; pass 30; a TERMINATED; a CLOSED; a EXITED 0")
            .tell("b TERMINATED; b CLOSED; b EXITED 0; broker 0@6; letter 0@5; end");
    assertThat(story.oracle.violations()).isEmpty();
  }

  @Test
  void recordThatRetentionOrCompactionTookIsExcused() {
    LogLookup compacted = (partition, offset) -> offset == 1 ? 2 : offset;
    var story =
        new Story(Guarantee.AT_LEAST_ONCE, Ordering.KEY, compacted)
            .tell("produced 0 3; conductor DELETED 0@1; a DOES 0@2 k2; broker 0@3; end");
    assertThat(story.oracle.violations()).isEmpty();
  }

  @Test
  void twoOfAPartitionMayNotRunAtOnceIfThatIsTheOrder() {
    assertThat(new Story(Ordering.PARTITION).tell("a START 0@0 k; a START 0@1 l").broken())
        .containsExactly(4);
  }

  @Test
  void withoutAnOrderTheyMay() {
    assertThat(new Story(Ordering.UNORDERED).tell("a START 0@1 k; a START 0@0 k").broken())
        .isEmpty();
  }

  @Test
  void longestStallIsRemembered() {
    var story = new Story(Ordering.KEY).tell("produced 0 1; pass 9; a DOES 0@0 k0; pass 5");
    assertThat(story.oracle.longestStall())
        .isBetween(Duration.ofSeconds(8), Duration.ofSeconds(10));
  }

  @Test
  void violationTellsWhatHappenedToTheKeyAndWhoDidWhat() {
    var story =
        new Story(Ordering.KEY)
            .tell("a DOES 0@0 other; conductor FAULT; a START 0@1 k; a START 0@2 k");
    assertThat(story.oracle.violations().getFirst().toString())
        .contains("invariant 4", "a starts p0@2", "START p0@1 key k", "FAULT", "ASSIGNED p0")
        .doesNotContain("other");
  }

  /**
   * With transactions, a dead letter is logged when a transaction sends it, and again for each
   * repetition.
   */
  @Test
  void recordWithoutAnAttemptLeftMayBePassedBeforeItsLetterIsSent() {
    String failing = "a START 0@0 k; a FAILED 0@0 k;";
    var story =
        new Story(Guarantee.EXACTLY_ONCE, Ordering.KEY, LogLookup.KEEPS_ALL)
            .tell("produced 0 2;" + failing.repeat(Story.ATTEMPTS) + "a DOES 0@1 k; fine")
            .tell("a LETTER 0@0; a LETTER 0@0; a LETTER 0@0; a LETTER 0@0; broker 0@2");
    assertThat(story.oracle.violations()).isEmpty();
    assertThat(story.oracle.books()).allMatch(book -> book.duplicates == 0);
  }

  @Test
  void recordWithAnAttemptLeftIsNotPassedWhereTransactionsProduceEither() {
    var story =
        new Story(Guarantee.EXACTLY_ONCE, Ordering.KEY, LogLookup.KEEPS_ALL)
            .tell("a START 0@0 k; a FAILED 0@0 k; a START 0@0 k; a FAILED 0@0 k; a START 0@1 k");
    assertThat(story.broken()).containsExactly(4);
  }

  static List<Arguments> batches() {
    String first = "a START 0@0 k one; a START 0@1 k one;";
    String fails = "a FAILED 0@0 k; a FAILED 0@1 k;";
    return List.of(
        story(
            "records of a key are in a batch, in order",
            NOTHING,
            first + "a END 0@0 k; a END 0@1 k"),
        story("their offsets rise", List.of(4), "a START 0@1 k one; a START 0@0 k one"),
        story("a key is in one batch", List.of(4), first + "a START 0@2 k two"),
        story("a key is in a batch or alone", List.of(4), "a START 0@0 k; a START 0@1 k one"),
        story("a batch comes again as a whole", NOTHING, first + fails + first + "pass 1"),
        story("or in parts", NOTHING, first + fails + "a DOES 0@0 k; a DOES 0@1 k; a DOES 0@2 k"),
        story(
            "or behind the failed one",
            NOTHING,
            first + "a END 0@0 k; a FAILED 0@1 k; a START 0@1 k"),
        story("but not without its first record", List.of(4), first + fails + "a START 0@1 k"),
        story("nor after a later one", List.of(4), first + fails + "a START 0@2 k"),
        story(
            "nor a record that was settled",
            List.of(4),
            first + "a END 0@0 k; a FAILED 0@1 k;" + first + "pass 1"),
        story(
            "a batch has one handler",
            NOTHING,
            "a START 0@0 k one; a START 0@1 l one; a START 0@2 m;" + "a START 1@0 n three"),
        story(
            "handlers are bounded",
            List.of(9),
            "a START 0@0 k one; a START 0@1 l two; a START 0@2 m;" + "a START 1@0 n three"),
        story("batches are bounded", List.of(9), first + "a START 0@2 l one"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("batches")
  void batchesAreInOrder(String promise, List<Integer> broken, String steps) {
    assertThat(Story.withBatches(Ordering.KEY).tell(steps).broken()).as(promise).isEqualTo(broken);
  }

  @Test
  void batchHasRecordsOfOnePartitionIfThatIsTheOrder() {
    var story = Story.withBatches(Ordering.PARTITION).tell("a START 0@0 k one; a START 0@1 l one");
    assertThat(story.broken()).isEmpty();
    story.tell("a END 0@0 k; a END 0@1 l; a START 0@2 k two; a START 1@0 l two");
    assertThat(story.broken()).containsExactly(4);
  }

  @Test
  void recordThatIsToBeSkippedMayNotBeHandled() {
    for (String where : List.of("START 0@1 k1", "LETTER 0@1", "RETRIED 0@1 k1")) {
      String earlier = "produced 0 1; a DOES 0@0 k0; a %s; marked 0@1".formatted(where);
      assertThat(new Story(Ordering.KEY).tell(earlier).broken()).as(where).containsExactly(12);
      String later = "produced 0 1; marked 0@1; a DOES 0@0 k0; a %s".formatted(where);
      assertThat(new Story(Ordering.KEY).tell(later).broken()).as(where).containsExactly(12);
    }
  }

  @Test
  void recordThatIsToBeSkippedIsNotMissed() {
    var story =
        new Story(Ordering.KEY)
            .tell(
                "produced 0 1; marked 0@1; a DOES 0@0 k0; a COMMIT 0@2; broker 0@2; pass 30; end");
    assertThat(story.broken()).isEmpty();
  }

  /** The letter is one of the retry topic; the offset of its first topic is not committed yet. */
  @Test
  void recordMayBeHandledAgainAfterTheLetterOfItsRetry() {
    var story = Story.withRetries(Ordering.KEY);
    story.tell("a RETRY_LETTER 0@1; a DOES 0@0 k; a DOES 0@1 k");
    story.tell("a START 0@2 k; a FAILED 0@2 k; a RETRY_LETTER 0@2; a DOES 0@2 k");
    assertThat(story.broken()).isEmpty();
    story.tell("a START 0@3 k; a FAILED 0@3 k; a LETTER 0@3; a START 0@3 k");
    assertThat(story.broken()).containsExactly(4);
  }

  @Test
  void recordMayBeginWhileTheLetterOfAnEarlierOneIsOnItsWay() {
    String failing = "a START 0@0 k; a FAILED 0@0 k;".repeat(Story.ATTEMPTS);
    var story = Story.withLettersInBackground(Ordering.KEY);
    story.tell("produced 0 3;" + failing + "a DOES 0@1 k; a LETTER 0@0; a DOES 0@2 k; broker 0@3");
    assertThat(story.broken()).isEmpty();
    assertThat(new Story(Ordering.KEY).tell(failing + "a DOES 0@1 k").broken()).containsExactly(4);
  }

  @Test
  void recordWhoseLetterIsOnItsWayMayNotBeginAgain() {
    String failing = "a START 0@0 k; a FAILED 0@0 k;".repeat(Story.ATTEMPTS);
    var story = Story.withLettersInBackground(Ordering.KEY);
    story.tell(failing + "a DOES 0@1 k; fine; a START 0@0 k");
    assertThat(story.broken()).containsExactly(4);
  }

  @Test
  void recordWithAnAttemptLeftIsNotPassedWhereLettersAreSentInTheBackground() {
    var story = Story.withLettersInBackground(Ordering.KEY);
    story.tell("a START 0@0 k; a FAILED 0@0 k; a START 0@0 k; a FAILED 0@0 k; a START 0@1 k");
    assertThat(story.broken()).containsExactly(4);
  }

  @Test
  void commitMayNotPassALetterThatIsOnItsWay() {
    String failing = "a START 0@0 k; a FAILED 0@0 k;".repeat(Story.ATTEMPTS);
    var story = Story.withLettersInBackground(Ordering.KEY);
    story.tell("produced 0 2;" + failing + "a DOES 0@1 k; fine; broker 0@2");
    assertThat(story.broken()).containsExactly(2);
  }
}
