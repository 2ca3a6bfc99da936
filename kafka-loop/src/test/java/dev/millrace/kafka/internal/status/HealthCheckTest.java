package dev.millrace.kafka.internal.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.Health;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Records;
import dev.millrace.kafka.internal.settings.Pauses;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** The reason of a stuck consumer names the problem of the cluster in every case. */
class HealthCheckTest {

  private static final String MISSING = "no broker answers at 127.0.0.1:1";

  private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);
  private final HealthCheck health = new HealthCheck(Duration.ofMillis(200));

  private Health whenStuck() {
    health.joined();
    health.missing(MISSING);
    await().until(() -> now().state() == State.STUCK);
    return now();
  }

  private Health now() {
    health.polled();
    return health.now(List.of(partition), new Pauses(), List.of());
  }

  @Test
  void partitionThatDoesNotKnowItsStart() {
    partition.hold();
    assertThat(whenStuck().reason()).contains("its start position is not known").endsWith(MISSING);
  }

  /** So a probe of the start does not succeed although the loop has never been in its group. */
  @Test
  void loopWhosePollThreadHangsBeforeItHasJoinedIsNotStarted() {
    await().until(() -> unpolled().state() == State.STUCK);
    assertThat(unpolled().reason()).contains("has not polled");
    assertThat(unpolled().isStarted()).isFalse();
    health.joined();
    assertThat(unpolled().reason()).contains("has not polled");
    assertThat(unpolled().isStarted()).isTrue();
  }

  private Health unpolled() {
    return health.now(List.of(partition), new Pauses(), List.of());
  }

  @Test
  void commitsThatFail() {
    health.committed(new TimeoutException("no answer"));
    assertThat(whenStuck().reason()).contains("commits fail").endsWith(MISSING);
  }

  @Test
  void causeOfAFailedCommitIsTold() {
    health.committed(new RetriableCommitFailedException(new TimeoutException("no answer")));
    assertThat(whenStuck().reason()).contains("TimeoutException: no answer");
  }
}
