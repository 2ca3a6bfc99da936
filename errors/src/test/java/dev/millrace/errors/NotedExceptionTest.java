package dev.millrace.errors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class NotedExceptionTest {

  private final IOException boom = new IOException("boom");

  @Test
  void notesStandBesideTheCauseAndNothingIsAddedToIt() {
    Note site = Note.here("the task was forked here");
    NotedException noted = NotedException.of(boom, site);
    assertThat(noted).hasCause(boom).hasMessage("java.io.IOException: boom");
    assertThat(noted.notes()).containsExactly(site);
    assertThat(boom.getSuppressed()).isEmpty();
    assertThat(NotedException.bare(noted)).isSameAs(boom);
    assertThat(NotedException.bare(boom)).isSameAs(boom);
    assertThat(NotedException.notes(boom)).isEmpty();
  }

  /**
   * Apache Kafka's clients throw constants: the notes of one failure must not appear with another
   * failure.
   */
  @Test
  void sharedExceptionOfAThousandFailuresStaysAsItIs() {
    for (int i = 0; i < 1000; i++) {
      NotedException noted = NotedException.of(boom, Note.of("record " + i));
      assertThat(noted.notes()).extracting(Throwable::getMessage).containsExactly("record " + i);
    }
    assertThat(boom.getSuppressed()).isEmpty();
  }

  @Test
  void moreNotesMakeANewExceptionAroundTheSameCause() {
    Note a = Note.of("a");
    Note b = Note.of("b");
    NotedException first = NotedException.of(boom, a);
    NotedException second = NotedException.of(first, b);
    assertThat(first.notes()).containsExactly(a);
    assertThat(second.notes()).containsExactly(a, b);
    assertThat(second).hasCause(boom);
  }

  @Test
  void retryKeepsItsAttemptsAndTakesTheNotesOfItsCause() {
    Note a = Note.of("a");
    Note b = Note.of("b");
    var retry = new RetryException(4, NotedException.of(boom, a));
    assertThat(retry).hasCause(boom);
    NotedException noted = NotedException.of(retry, b);
    assertThat(noted)
        .isInstanceOfSatisfying(RetryException.class, e -> assertThat(e.attempts()).isEqualTo(4));
    assertThat(noted.notes()).containsExactly(a, b);
    assertThat(retry.notes()).containsExactly(a);
  }

  @Test
  void failureThatIsReportedHasTheCauseAndTheNotes() {
    Note a = Note.of("a");
    Failure<String> failure =
        Failure.of("parse", "x", new RetryException(2, NotedException.of(boom, a)));
    assertThat(failure.attempt()).isEqualTo(2);
    assertThat(failure.cause()).isSameAs(boom);
    assertThat(failure.notes()).containsExactly(a);
    assertThat(failure.toException())
        .hasMessage("stage 'parse' failed on x (attempt 2): java.io.IOException: boom")
        .hasCause(boom)
        .hasSuppressedException(a);
    assertThat(Failure.of("parse", "x", boom).notes()).isEmpty();
    assertThatThrownBy(() -> failure.notes().add(boom))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void exceptionIsNoNoteOfItself() {
    assertThat(NotedException.of(boom, List.of(boom)).notes()).isEmpty();
  }

  @Test
  void loggersPrintTheNotes() {
    var text = new StringWriter();
    NotedException.of(boom, Note.of("while handling orders-3 at offset 7"))
        .printStackTrace(new PrintWriter(text, true));
    assertThat(text.toString())
        .contains("Suppressed: dev.millrace.errors.Note: while handling orders-3 at offset 7")
        .contains("Caused by: java.io.IOException: boom");
  }

  @Test
  void notesSayWhereTheyWereTaken() throws Exception {
    assertThat(Note.here("here").getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("notesSayWhereTheyWereTaken"));
    assertThat(Note.of("nowhere").getStackTrace()).isEmpty();
    Thread ended = Thread.ofPlatform().start(() -> {});
    ended.join();
    assertThat(Note.at(ended, "over").getStackTrace()).isEmpty();
    assertThat(Note.at(Thread.currentThread(), "now").getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("notesSayWhereTheyWereTaken"));
  }
}
