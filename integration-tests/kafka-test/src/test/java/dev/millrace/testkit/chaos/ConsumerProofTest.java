package dev.millrace.testkit.chaos;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Settings that cannot be right are refused before anything starts. */
class ConsumerProofTest {

  private final ConsumerProof proof = ConsumerProof.of(PollLoopSubject.class);

  static final class Hidden implements Subject {
    @Override
    public void run(SubjectRun run) {}
  }

  @Test
  void subjectThatAnotherProcessCannotCreateIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ConsumerProof.of(Hidden.class))
        .withMessageContaining("public constructor");
    Subject lambda = run -> {};
    assertThatIllegalArgumentException().isThrownBy(() -> ConsumerProof.of(lambda.getClass()));
    assertThatIllegalArgumentException().isThrownBy(() -> ConsumerProof.of(Subject.class));
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> proof.disturbances(-1))
        .withMessage("the number of disturbances must be between 0 and 1000, not -1");
    assertThatIllegalArgumentException().isThrownBy(() -> proof.brokers(4));
    assertThatIllegalArgumentException().isThrownBy(() -> proof.concurrency(0));
    assertThatIllegalArgumentException().isThrownBy(() -> proof.duplicates(-1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> proof.close(Duration.ZERO));
  }

  @Test
  void disturbancesOfDeadLettersAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> proof.disturbedBy(Disturbance.KILL, Disturbance.POISON))
        .withMessageContaining("leave them out");
  }

  @Test
  void rightsWithSeveralBrokersAreRefused() {
    proof.disturbedBy(Disturbance.RIGHTS).brokers(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> proof.run())
        .withMessageContaining("brokers(1)");
  }

  @Test
  void expiredOffsetsOfAnExactConsumerAreRefused() {
    proof.disturbedBy(Disturbance.EXPIRED_OFFSETS).exactlyOnce();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> proof.run())
        .withMessageContaining("leave EXPIRED_OFFSETS out");
  }

  @Test
  void nameOfASettingMustBeOne() {
    assertThatIllegalArgumentException().isThrownBy(() -> proof.setting("a=b", "c"));
    assertThatIllegalArgumentException().isThrownBy(() -> proof.setting("", "c"));
  }
}
