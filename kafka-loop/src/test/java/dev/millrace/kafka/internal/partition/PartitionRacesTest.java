package dev.millrace.kafka.internal.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Race;
import dev.millrace.kafka.internal.serde.Deserialization;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handler threads and the poll thread meet in a partition. */
@Timeout(60)
class PartitionRacesTest {

  private abstract static class Meeting implements Race.Meeting {
    final AtomicInteger signals = new AtomicInteger();
    final Partition<String, String> partition;

    Meeting(Ordering ordering, long... offsets) {
      partition =
          new Partition<>(
              Records.NAME,
              ordering,
              new Deserialization<>(new StringDeserializer(), new StringDeserializer()),
              signals::incrementAndGet);
      Records.add(partition, offsets);
    }

    final Delivery<String, String> take() {
      return Objects.requireNonNull(partition.take());
    }
  }

  /** A record beyond the first one is settled while the first one's offset is committed. */
  private static final class SettleAndCommit extends Meeting {
    private final Delivery<String, String> second;
    private @Nullable Commit<String, String> commit;

    SettleAndCommit() {
      super(Ordering.UNORDERED, 0, 1);
      take();
      second = take();
    }

    @Override
    public void one() {
      second.settle();
    }

    @Override
    public void other() {
      commit = partition.commits().toCommit();
      Race.stagger(); // until the broker has answered
      partition.commits().committed(Objects.requireNonNull(commit));
    }

    @Override
    public void check() {
      boolean isCommitted = Objects.requireNonNull(commit).ahead().contains(1);
      Commit<String, String> next = partition.commits().toCommit();
      assertThat(next != null).isNotEqualTo(isCommitted);
      assertThat(next == null || next.ahead().contains(1)).isTrue();
    }
  }

  @Test
  void whatIsSettledDuringACommitIsInItOrInTheNext() throws Exception {
    assertThat(Race.repeat(SettleAndCommit::new)).isPositive();
  }

  /** Two handlers end. */
  private static final class SettleAndSettle extends Meeting {
    private final Delivery<String, String> first;
    private final Delivery<String, String> second;

    SettleAndSettle() {
      super(Ordering.UNORDERED, 0, 1);
      first = take();
      second = take();
      first.begin();
      second.begin();
    }

    @Override
    public void one() {
      first.settle();
    }

    @Override
    public void other() {
      second.settle();
    }

    @Override
    public void check() {
      assertThat(Objects.requireNonNull(partition.commits().toCommit()).offset()).isEqualTo(2);
      assertThat(partition.commits().uncommitted()).isEqualTo(2);
      assertThat(partition.progress().front()).isNull();
      assertThat(partition.isIdle()).isTrue();
    }
  }

  @Test
  void bothOfTwoThatAreSettledAtTheSameTimeAreCommitted() throws Exception {
    assertThat(Race.repeat(SettleAndSettle::new)).isPositive();
  }

  /** A handler begins, or does not, while the partition is taken away. */
  private static final class BeginAndRevoke extends Meeting {
    private final Delivery<String, String> only;
    private boolean begun;
    private boolean idle;
    private @Nullable Commit<String, String> last;

    BeginAndRevoke() {
      super(Ordering.UNORDERED, 0);
      only = take();
    }

    @Override
    public void one() {
      begun = only.begin();
      if (begun) {
        only.settle();
      }
    }

    @Override
    public void other() throws InterruptedException {
      partition.revoke();
      idle = partition.awaitIdle(Duration.ofSeconds(30));
      last = partition.commits().toCommit();
    }

    @Override
    public void check() {
      assertThat(idle).isTrue();
      assertThat(Objects.requireNonNull(last).offset()).isEqualTo(begun ? 1 : 0);
    }
  }

  @Test
  void whatHasBegunIsWaitedForInARevokeAndWhatHasNotDoesNotBegin() throws Exception {
    assertThat(Race.repeat(BeginAndRevoke::new)).isPositive();
  }

  /** The last handler ends while the partition is taken away. */
  private static final class EndAndRevoke extends Meeting {
    private final Delivery<String, String> only;
    private boolean idle;
    private @Nullable Commit<String, String> last;

    EndAndRevoke() {
      super(Ordering.UNORDERED, 0);
      only = Objects.requireNonNull(partition.takeToHandle());
    }

    @Override
    public void one() {
      only.settle();
    }

    @Override
    public void other() throws InterruptedException {
      partition.revoke();
      idle = partition.awaitIdle(Duration.ofSeconds(5));
      last = partition.commits().toCommit();
    }

    @Override
    public void check() {
      assertThat(idle).as("the end of the handler was seen").isTrue();
      assertThat(Objects.requireNonNull(last).offset()).isEqualTo(1);
      assertThat(partition.toString()).contains("0 running");
    }
  }

  @Test
  void revokeSeesTheEndOfTheLastHandler() throws Exception {
    assertThat(Race.repeat(EndAndRevoke::new)).isPositive();
  }

  /** The last handler of an ownership ends while the next ownership waits for it. */
  private static final class EndAndTakeOver extends Meeting {
    private final Delivery<String, String> only;
    private final Partition<String, String> after;
    private boolean seen;

    EndAndTakeOver() {
      super(Ordering.UNORDERED, 0);
      only = Objects.requireNonNull(partition.takeToHandle());
      partition.revoke();
      after =
          new Partition<>(
              Records.NAME,
              Ordering.UNORDERED,
              new Deserialization<>(new StringDeserializer(), new StringDeserializer()),
              () -> {});
      after.after(partition);
      Records.add(after, 0);
    }

    @Override
    public void one() {
      only.settle();
    }

    @Override
    public void other() {
      seen = after.hasReady();
    }

    @Override
    public void check() {
      assertThat(seen || signals.get() > 0)
          .as("the next ownership begins, or is notified")
          .isTrue();
      assertThat(after.take()).isNotNull();
    }
  }

  @Test
  void nextOwnershipIsNotifiedOfTheEndOfTheLastHandler() throws Exception {
    assertThat(Race.repeat(EndAndTakeOver::new)).isPositive();
  }

  /** A record is added while the record before it in its lane is settled. */
  private static final class SettleAndAdd extends Meeting {
    private final Delivery<String, String> first;
    private boolean seen;

    SettleAndAdd() {
      super(Ordering.KEY, 0);
      first = take();
      first.begin();
    }

    @Override
    public void one() {
      first.settle();
    }

    @Override
    public void other() {
      Records.add(partition, 1);
      seen = partition.hasReady();
    }

    @Override
    public void check() {
      assertThat(seen || signals.get() > 0)
          .as("the settling worker looks, or a worker is notified")
          .isTrue();
      assertThat(take().raw().offset()).isEqualTo(1);
    }
  }

  @Test
  void recordThatIsAddedWhileItsKeyIsSettledIsSeenOrToldOf() throws Exception {
    assertThat(Race.repeat(SettleAndAdd::new)).isPositive();
  }

  /** The same, if the settling worker takes the next record. */
  private static final class SettleTakeAndAdd extends Meeting {
    private final Delivery<String, String> first;
    private @Nullable Delivery<String, String> next;
    private boolean seen;

    SettleTakeAndAdd() {
      super(Ordering.KEY, 0);
      first = Objects.requireNonNull(partition.takeToHandle());
    }

    @Override
    public void one() {
      first.settle();
      next = partition.takeToHandle();
    }

    @Override
    public void other() {
      Records.add(partition, 1);
      seen = partition.hasReady();
    }

    @Override
    public void check() {
      assertThat(seen || next != null)
          .as("the adding thread sees the record, or it is taken")
          .isTrue();
      assertThat((next == null ? take() : next).raw().offset()).isEqualTo(1);
      assertThat(partition.hasReady()).isFalse();
    }
  }

  @Test
  void recordThatIsAddedWhileItsKeyIsSettledIsSeenOrTakenNext() throws Exception {
    assertThat(Race.repeat(SettleTakeAndAdd::new)).isPositive();
  }
}
