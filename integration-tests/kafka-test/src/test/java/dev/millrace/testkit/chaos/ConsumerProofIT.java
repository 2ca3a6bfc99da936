package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Consumers of users, proved against a real broker. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConsumerProofIT {

  @TempDir Path directory;

  @Test
  void loopThatCommitsAfterItHasHandledIsProved() throws Exception {
    Verdict verdict =
        ConsumerProof.of(PollLoopSubject.class)
            .ordering(Ordering.PARTITION)
            .concurrency(1)
            .duplicates(1000, 1000)
            .disturbances(4)
            .disturbedBy(Disturbance.KILL, Disturbance.JOIN, Disturbance.LEAVE, Disturbance.CUT)
            .directory(directory)
            .run()
            .orThrow();
    assertThat(verdict.records()).isPositive();
    assertThat(verdict.disturbances().values().stream().mapToInt(n -> n).sum()).isEqualTo(4);
    assertThat(verdict.checked()).contains(Invariant.BOUNDED, Invariant.FEW_DUPLICATES);
    assertThat(verdict.toString()).contains("seed " + verdict.seed(), "ALL_PROCESSED");
    assertThat(directory).as("the files of a good run").isEmptyDirectory();
  }

  @Test
  void loopThatCommitsBeforeItHasHandledIsFoundWithItsSeed() throws Exception {
    Verdict verdict =
        ConsumerProof.of(HandOverSubject.class)
            .seed(4711)
            .ordering(Ordering.UNORDERED)
            .disturbances(3)
            .setting("work.ms", "50")
            .directory(directory)
            .run();
    assertThat(verdict.violations())
        .extracting(Violation::invariant)
        .contains(Invariant.COMMIT_BEHIND_WORK);
    assertThatThrownBy(verdict::orThrow)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(".seed(4711L)")
        .hasMessageContaining("has not been processed")
        .hasMessageContaining(directory.toString());
    assertThat(verdict.files().resolve("w1.log")).exists();
  }

  @Test
  void subjectThatCannotStartIsToldFromItsOutput() throws Exception {
    Verdict verdict =
        ConsumerProof.of(BrokenSubject.class)
            .disturbances(0)
            .close(Duration.ofSeconds(5))
            .directory(directory)
            .run();
    assertThat(verdict.violations())
        .extracting(Violation::invariant)
        .contains(Invariant.CLEAN_CLOSE);
    assertThat(verdict.toString()).contains("no such table");
    assertThat(verdict.files().resolve("w1.out")).content().contains("no such table");
  }

  /** Fails at once. */
  public static final class BrokenSubject implements Subject {
    /** For the kit. */
    public BrokenSubject() {}

    @Override
    public void run(SubjectRun run) {
      throw new IllegalStateException("no such table");
    }
  }
}
