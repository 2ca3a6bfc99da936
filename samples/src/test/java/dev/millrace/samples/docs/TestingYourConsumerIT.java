package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.chaos.ConsumerProof;
import dev.millrace.testkit.chaos.Disturbance;
import dev.millrace.testkit.chaos.Invariant;
import dev.millrace.testkit.chaos.Ordering;
import dev.millrace.testkit.chaos.Verdict;
import dev.millrace.testkit.chaos.Violation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of the guide "prove your own consumer loses nothing". */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TestingYourConsumerIT {

  // doc:begin
  @Test
  void losesNoOrder() throws Exception {
    ConsumerProof.of(OrdersSubject.class)
        .seed(976798L)
        .ordering(Ordering.PARTITION)
        .disturbedBy(Disturbance.KILL, Disturbance.JOIN, Disturbance.LEAVE, Disturbance.CUT)
        .run()
        .orThrow();
  }

  // doc:end

  @Test
  void loopLosesNoOrder() throws Exception {
    // doc:begin
    Verdict verdict =
        ConsumerProof.of(OrdersLoopSubject.class)
            .seed(196398L)
            .concurrency(16) // checks the bound
            .duplicates(500, 500)
            .disturbances(6)
            .disturbedBy(Disturbance.KILL, Disturbance.ROLLING, Disturbance.CUT)
            .run()
            .orThrow();
    // doc:end
    assertThat(verdict.records()).isPositive();
  }

  @Test
  void naiveConsumerIsFound() throws Exception {
    Verdict verdict =
        ConsumerProof.of(NaiveOrdersSubject.class)
            .seed(408309L)
            .ordering(Ordering.UNORDERED)
            .disturbances(2)
            .run();
    assertThat(verdict.violations())
        .extracting(Violation::invariant)
        .contains(Invariant.COMMIT_BEHIND_WORK);
    assertThat(verdict.toString()).contains(".seed(" + verdict.seed() + "L)");
  }
}
