package dev.millrace.kafka;

import java.time.Duration;
import java.util.function.Supplier;

/** Calls two observers, one after the other. */
record BothObservers(ConsumerObserver one, ConsumerObserver other) implements ConsumerObserver {

  @Override
  public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
    PartitionObserver first = one.assigned(group, status);
    PartitionObserver second = other.assigned(group, status);
    if (first == PartitionObserver.NONE) {
      return second;
    }
    return second == PartitionObserver.NONE ? first : new BothPartitions(first, second);
  }

  @Override
  public void rebalanced(String group, Notification change) {
    one.rebalanced(group, change);
    other.rebalanced(group, change);
  }

  @Override
  public void committed(String group, Duration took) {
    one.committed(group, took);
    other.committed(group, took);
  }

  @Override
  public void commitFailed(String group, Exception failure) {
    one.commitFailed(group, failure);
    other.commitFailed(group, failure);
  }

  @Override
  public void newHistory(String group, NewHistoryException history) {
    one.newHistory(group, history);
    other.newHistory(group, history);
  }

  private record BothPartitions(PartitionObserver one, PartitionObserver other)
      implements PartitionObserver {

    @Override
    public void settled(long nanoseconds) {
      one.settled(nanoseconds);
      other.settled(nanoseconds);
    }

    @Override
    public void handled() {
      one.handled();
      other.handled();
    }

    @Override
    public void failed(String stage) {
      one.failed(stage);
      other.failed(stage);
    }

    @Override
    public void skipped(long records) {
      one.skipped(records);
      other.skipped(records);
    }

    @Override
    public void retried() {
      one.retried();
      other.retried();
    }

    @Override
    public void deadLettered(DeadLetter letter) {
      one.deadLettered(letter);
      other.deadLettered(letter);
    }

    @Override
    public void released() {
      one.released();
      other.released();
    }
  }
}
