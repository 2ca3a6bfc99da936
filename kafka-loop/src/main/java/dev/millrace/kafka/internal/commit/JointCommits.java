package dev.millrace.kafka.internal.commit;

import dev.millrace.kafka.internal.partition.Commit;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Joint;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Produced;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses the commits of a transaction, so that an output of several records and all these records
 * are in the same transaction. Not thread-safe.
 */
/*
 * A commit of a partition takes the settled records up to an offset. So a joint output forbids some
 * combinations of offsets: either the commits cover all its members, or none of them. The search
 * begins with the largest offset of each partition alone. Whenever a commit covers one
 * member of a joint, but another member is not covered, the commit ends before its member. That may
 * uncover a member of another joint, so this is repeated until nothing changes. Offsets only fall,
 * and each step ends at an output, so it ends. The result is the largest one: an offset is lowered
 * only if no allowed combination has it.
 *
 * A member may be in a partition that was not asked for: one partition of several is revoked. Its
 * commit is then part of the transaction, too.
 *
 * A member may be in a partition that was released before the joint was committed. Then the joint
 * never is. Its other members are torn: they must be handled again.
 */
final class JointCommits<K, V> {

  private final Map<Partition<K, V>, Long> limits = new LinkedHashMap<>();
  private final Map<Partition<K, V>, Commit<K, V>> commits = new LinkedHashMap<>();
  private final boolean leavesOutHeld;
  private boolean torn;

  /**
   * The commits of these partitions, and of partitions that share outputs with them.
   *
   * @param leavesOutHeld whether outputs that were not accepted are left out, even if their delay
   *     is over
   */
  JointCommits(Collection<Partition<K, V>> partitions, boolean leavesOutHeld) {
    this.leavesOutHeld = leavesOutHeld;
    partitions.forEach(this::begin);
    while (narrow()) {}
  }

  List<Commit<K, V>> commits() {
    return new ArrayList<>(commits.values());
  }

  /** Whether there are records whose outputs can never be committed. */
  boolean areTorn() {
    return torn;
  }

  private void begin(Partition<K, V> partition) {
    limit(partition, leavesOutHeld ? partition.commits().heldFrom() : Long.MAX_VALUE);
  }

  private void limit(Partition<K, V> partition, long offset) {
    limits.put(partition, offset);
    Commit<K, V> commit = partition.commits().toCommit(offset);
    if (commit == null) {
      commits.remove(partition);
    } else {
      commits.put(partition, commit);
    }
  }

  private boolean narrow() {
    boolean changed = false;
    for (Commit<K, V> commit : commits()) {
      for (Produced produced : commit.partition().commits().producedBefore(commit.offset())) {
        if (!isWhole(produced)) {
          limit(commit.partition(), produced.source().offset());
          changed = true;
          break;
        }
      }
    }
    return changed;
  }

  /** Whether the commits cover all members of all joints of the outputs. */
  private boolean isWhole(Produced produced) {
    boolean whole = true;
    for (Joint joint : produced.joints()) {
      for (Delivery<?, ?> member : joint.members()) {
        whole &= isCovered(member);
      }
    }
    return whole;
  }

  @SuppressWarnings("unchecked") // all partitions are of one consumer
  private boolean isCovered(Delivery<?, ?> member) {
    var other = (Partition<K, V>) member.partition();
    if (other.isReleased()) {
      torn = true;
      return false;
    }
    if (!limits.containsKey(other)) {
      begin(other);
    }
    Commit<K, V> commit = commits.get(other);
    return commit != null && commit.offset() > member.raw().offset();
  }
}
