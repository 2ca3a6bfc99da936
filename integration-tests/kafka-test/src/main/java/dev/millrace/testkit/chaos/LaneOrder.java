package dev.millrace.testkit.chaos;

import dev.millrace.testkit.chaos.Member.Running;
import java.util.Collection;
import java.util.function.IntFunction;

/**
 * Checks the order of the records of a key, or of a partition: within a worker, and between
 * workers. Not thread-safe.
 */
/*
 * A batch is one call of a handler with several records. All of them start, in their order, before
 * the first of them ends. So a record may start while an earlier record of its lane runs, if both
 * are in the same batch. Two batches never run records of the same lane. A batch that fails is
 * handled again, whole or in parts: each lane goes back to its first record that has failed.
 */
final class LaneOrder {

  private final Bounds bounds;
  private final Watch watch;
  private final Watch.Complaint complaint;
  private final IntFunction<PartitionBook> books;

  LaneOrder(
      Bounds bounds, Watch watch, Watch.Complaint complaint, IntFunction<PartitionBook> books) {
    this.bounds = bounds;
    this.watch = watch;
    this.complaint = complaint;
    this.books = books;
  }

  /** The key or the partition that orders a record; empty if the order is free. */
  String lane(Event event) {
    return bounds.ordering() == Ordering.UNORDERED
        ? ""
        : bounds.ordering() == Ordering.PARTITION
            ? "p" + event.partition()
            : "p" + event.partition() + "/" + event.key();
  }

  /** A handler begins with a record, which is not among the running ones yet. */
  void started(Collection<Member> members, Member member, Event event, Ownership in) {
    String lane = lane(event);
    if (!lane.isEmpty()) {
      inOrder(member, event, in, lane);
      alone(members, member, event, lane);
    }
  }

  /** A handler has ended whose start was not reported. */
  void ended(Member member, Event event, Ownership in) {
    String lane = lane(event);
    if (!lane.isEmpty()) {
      inOrder(member, event, in, lane);
    }
  }

  /** A handler has failed. The lane goes back to its first failed record. */
  void failed(Running running) {
    running.in().last.computeIfPresent(running.lane(), (l, o) -> Math.min(o, running.offset()));
  }

  private void inOrder(Member member, Event event, Ownership in, String lane) {
    Long last = in.last.put(lane, event.offset());
    if (last == null) {
      return;
    }
    boolean again = in.finished.contains(event.offset());
    boolean overtakes =
        event.offset() > last
            && !isDone(in, last)
            && !isLetter(in, last)
            && !isInBatch(member, event, last);
    if (event.offset() < last || again || overtakes) {
      violated(
          event,
          "%s starts p%d@%d of %s after p%d@%d%s"
              .formatted(
                  member.name,
                  event.partition(),
                  event.offset(),
                  lane,
                  event.partition(),
                  last,
                  overtakes ? ", which is not finished" : ""));
    }
  }

  /** Whether the earlier record of the partition runs in the same batch. */
  private static boolean isInBatch(Member member, Event event, long earlier) {
    Running running = member.running.get(Member.id(event.partition(), earlier));
    return running != null && running.isWith(event);
  }

  private boolean isDone(Ownership in, long offset) {
    return in.finished.contains(offset)
        || (in.isAssumed() && books.apply(in.partition).isFinished(offset)); // by another worker
  }

  /**
   * Whether the record has no attempt left, so that the next transaction contains its dead letter,
   * or so that it is on its way to a retry topic or to the dead letters. If it starts again, it
   * starts after a later one, which breaks the order.
   */
  private boolean isLetter(Ownership in, long offset) {
    return (bounds.guarantee() == Guarantee.EXACTLY_ONCE
            || bounds.retries()
            || bounds.lettersInBackground())
        && in.failures.getOrDefault(offset, 0) >= bounds.attempts();
  }

  /**
   * Checks that no other worker, and no other batch, runs a record of the same lane. A worker that
   * may not know yet that it has lost the partition is excused.
   */
  private void alone(Collection<Member> members, Member member, Event event, String lane) {
    for (Member other : members) {
      for (Running running : other.running.values()) {
        boolean isTogether = other == member && running.isWith(event);
        boolean isWrong =
            isTogether
                ? bounds.ordering() == Ordering.PARTITION && !running.lane().equals(lane)
                : running.lane().equals(lane) && mustKnow(member, other, running, event.nanos());
        if (isWrong) {
          violated(
              event,
              "%s starts p%d@%d of %s %s %s runs p%d@%d"
                  .formatted(
                      member.name,
                      event.partition(),
                      event.offset(),
                      lane,
                      isTogether ? "in a batch in which" : "while",
                      other.name,
                      running.partition(),
                      running.offset()));
        }
      }
    }
  }

  private boolean mustKnow(Member member, Member other, Running running, long now) {
    if (member == other) {
      return true;
    }
    boolean outlastedItsRevoke = running.in().released || running.in().isAssumed();
    return !outlastedItsRevoke && !watch.isTroubled(other, now) && !watch.isTroubled(member, now);
  }

  private void violated(Event event, String what) {
    complaint.say(Invariant.KEY_ORDER, what, event.partition(), event.key());
  }
}
