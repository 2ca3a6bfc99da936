package dev.millrace.kafka.internal.partition;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.kafka.Ordering;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Handlers settle while the poll thread collects what can be committed. */
public class CommitRaces {

  private CommitRaces() {}

  /** What there is nothing of to commit. */
  private static final int NONE = -1;

  /** Commits, as if the broker had answered at once; up to which offset. */
  private static int commit(Partition<String, String> partition) {
    Commit<String, String> commit = partition.commits().toCommit();
    if (commit == null) {
      return NONE;
    }
    partition.commits().committed(commit);
    return (int) commit.offset();
  }

  /** Two records of a partition that are being handled. */
  public abstract static class TwoRecords {
    final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);
    final Delivery<String, String> first;
    final Delivery<String, String> second;

    TwoRecords() {
      Records.add(partition, 0, 1);
      first = (Delivery<String, String>) Records.take(partition);
      second = (Delivery<String, String>) Records.take(partition);
      first.begin();
      second.begin();
    }
  }

  /** Two handlers end: how far it can be committed, and how many records that are. */
  @JCStressTest
  @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "both are settled")
  @Outcome(expect = FORBIDDEN, desc = "one is forgotten, or counted otherwise")
  @State
  public static class TwoHandlers extends TwoRecords {
    @Actor
    public void one() {
      first.settle();
    }

    @Actor
    public void other() {
      second.settle();
    }

    @Arbiter
    public void commit(II_Result result) {
      result.r2 = (int) partition.commits().uncommitted();
      result.r1 = CommitRaces.commit(partition);
    }
  }

  /** Two threads settle the same record. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "settled once")
  @Outcome(expect = FORBIDDEN, desc = "counted twice, or what runs is not known any more")
  @State
  public static class SameRecord extends TwoRecords {
    @Actor
    public void one() {
      first.settle();
    }

    @Actor
    public void other() {
      first.settle();
    }

    @Arbiter
    public void count(II_Result result) {
      result.r1 = (int) partition.commits().uncommitted();
      second.abandon();
      result.r2 = partition.isIdle() ? 0 : 1;
    }
  }

  /** The second record is settled first: a commit is before both, or behind both. */
  @JCStressTest
  @Outcome(
      id = {"0, 2", "2, -1"},
      expect = ACCEPTABLE,
      desc = "in the commit, or in the next")
  @Outcome(expect = FORBIDDEN, desc = "beyond a record that was not settled, or in no commit")
  @State
  public static class SettleAndCollect extends TwoRecords {
    @Actor
    public void handlers() {
      second.settle();
      first.settle();
    }

    @Actor
    public void poll(II_Result result) {
      result.r1 = commit(partition);
    }

    @Arbiter
    public void later(II_Result result) {
      result.r2 = commit(partition);
    }
  }

  /** The second record is settled while the commit of the first offset is answered. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "told by that commit, or by the next")
  @Outcome(expect = FORBIDDEN, desc = "told by none, or by both")
  @State
  public static class SettleAheadAndCollect extends TwoRecords {
    private int tells() {
      Commit<String, String> commit = partition.commits().toCommit();
      if (commit == null) {
        return 0;
      }
      partition.commits().committed(commit);
      return commit.ahead().contains(1) ? 1 : 0;
    }

    @Actor
    public void handler() {
      second.settle();
    }

    @Actor
    public void poll(II_Result result) {
      result.r1 = tells();
    }

    @Arbiter
    public void later(II_Result result) {
      result.r2 = tells();
    }
  }

  /** Records with outputs are settled while a transaction collects those. */
  @JCStressTest
  @Outcome(
      id = {"0, 2", "1, 1", "2, 0"},
      expect = ACCEPTABLE,
      desc = "each output is in one transaction")
  @Outcome(expect = FORBIDDEN, desc = "an output is in none, or in two")
  @State
  public static class OutputsAndTransaction extends TwoRecords {
    private static List<ProducerRecord<byte[], byte[]>> output() {
      return List.of(new ProducerRecord<>("invoices", new byte[1]));
    }

    /** How many outputs a transaction sends, which is committed at once. */
    private int transaction() {
      Commit<String, String> commit = partition.commits().toCommit();
      if (commit == null) {
        return 0;
      }
      int outputs = partition.commits().producedBefore(commit.offset()).size();
      partition.commits().committed(commit);
      return outputs;
    }

    @Actor
    public void handlers() {
      first.settle(output(), null);
      second.settle(output(), null);
    }

    @Actor
    public void committer(II_Result result) {
      result.r1 = transaction();
    }

    @Arbiter
    public void later(II_Result result) {
      result.r2 = transaction();
    }
  }
}
