package dev.millrace.kafka.internal.partition;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.kafka.Ordering;
import java.time.Duration;
import java.util.Objects;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** A partition is taken away, and comes back, while a handler runs. */
public class OwnershipRaces {

  private OwnershipRaces() {}

  private static final Duration LONG = Duration.ofMinutes(1);

  /** Takes it away, and waits until nothing runs; what can be committed then. */
  private static int revoke(Partition<String, String> partition) {
    partition.revoke();
    try {
      boolean idle = partition.awaitIdle(LONG);
      return idle ? (int) Objects.requireNonNull(partition.commits().toCommit()).offset() : -1;
    } catch (InterruptedException e) {
      return -2;
    }
  }

  /** A handler begins, or does not; the revoke waits for it and commits. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "handled, and committed")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "not begun, and not committed")
  @Outcome(expect = FORBIDDEN, desc = "handled and not committed, or the reverse")
  @State
  public static class BeginAndRevoke {
    private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);
    private final Delivery<String, String> only;

    public BeginAndRevoke() {
      Records.add(partition, 0);
      only = (Delivery<String, String>) Records.take(partition);
    }

    @Actor
    public void handler(II_Result result) {
      if (only.begin()) {
        result.r1 = 1;
        only.settle();
      }
    }

    @Actor
    public void revoke(II_Result result) {
      result.r2 = OwnershipRaces.revoke(partition);
    }
  }

  /** A worker takes a record, or does not; the revoke waits for it and commits. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "handled, and committed")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "not taken, and not committed")
  @Outcome(expect = FORBIDDEN, desc = "handled and not committed, or the reverse")
  @State
  public static class TakeAndRevoke {
    private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);

    public TakeAndRevoke() {
      Records.add(partition, 0);
    }

    @Actor
    public void worker(II_Result result) {
      Delivery<String, String> delivery = partition.takeToHandle();
      if (delivery != null) {
        result.r1 = 1;
        delivery.settle();
      }
    }

    @Actor
    public void revoke(II_Result result) {
      result.r2 = OwnershipRaces.revoke(partition);
    }
  }

  /**
   * The partition is back while a handler of the earlier ownership settles: the same record is not
   * handed out before that has ended, and nothing of the new ownership is settled by it.
   */
  @JCStressTest
  @Outcome(
      id = {"0, 1, 0", "1, 0, 0"},
      expect = ACCEPTABLE,
      desc = "handed out once, after the other, and not settled")
  @Outcome(expect = FORBIDDEN, desc = "at the same time, twice, not at all, or settled by it")
  @State
  public static class LateSettle {
    private final Partition<String, String> before = Records.partition(Ordering.UNORDERED);
    private final Partition<String, String> now = Records.partition(Ordering.UNORDERED);
    private final Delivery<String, String> late;
    private int plain;

    public LateSettle() {
      Records.add(before, 0);
      late = Objects.requireNonNull(before.takeToHandle());
    }

    @Actor
    public void handler() {
      plain = 1;
      late.settle();
    }

    @Actor
    public void poll(III_Result result) {
      before.revoke();
      now.after(before);
      Records.add(now, 0);
      if (now.takeToHandle() != null) {
        result.r1 = plain == 1 ? 1 : -1;
      }
    }

    @Arbiter
    public void later(III_Result result) {
      result.r2 = now.takeToHandle() == null ? 0 : 1;
      result.r3 = (int) Objects.requireNonNull(now.commits().toCommit()).offset();
    }
  }
}
