package dev.millrace.kafka.internal.partition;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.Front;
import dev.millrace.kafka.PartitionStatus;
import java.time.Duration;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * How far a partition has come during one ownership: its first unsettled record with the reason why
 * it is not settled, and the distance to the end of the log. Thread-safe: the lock of the partition
 * guards all fields.
 */
public final class Progress<K, V> {

  private final TopicPartition name;
  private final Partition<K, V> partition;
  private final Books<K, V> books;
  private final LogEnds ends = new LogEnds();

  Progress(TopicPartition name, Partition<K, V> partition, Books<K, V> books) {
    this.name = name;
    this.partition = partition;
    this.books = books;
  }

  /** The first record that is unsettled, or whose outputs wait; null if there is none. */
  public @Nullable Front front() {
    synchronized (partition) {
      books.enterSettled();
      if (partition.isRevoked()) {
        return null;
      }
      Outputs.Held held = partition.commits().outputs().held();
      if (held != null) {
        return new Front(name, held.offset(), held.age(), held.reason());
      }
      Window<Delivery<K, V>> window = books.window();
      return window.size() == 0
          ? frontOfNothing()
          : new Front(name, window.offset(0), since(books.frontSince()), why(window.firstValue()));
    }
  }

  private String why(Delivery<K, V> first) {
    if (partition.followsEarlier()) {
      return "it waits for handlers of the previous assignment of this partition";
    }
    Delivery<K, V> late = partition.gate().late();
    return late == null ? first.why() : "the deserializer of %s has not returned".formatted(late);
  }

  /**
   * The reason why nothing is polled although there may be records; null if there is no such
   * reason.
   */
  private @Nullable Front frontOfNothing() {
    if (partition.isHeld()) {
      String why = "its start position is not known yet: its leader may be away";
      return new Front(name, Math.max(0, position()), since(partition.heldSince()), why);
    }
    return behindTransaction();
  }

  /**
   * The first offset that an open transaction hides, if all records before it are handled; null
   * otherwise.
   */
  public @Nullable Front behindTransaction() {
    synchronized (partition) {
      books.enterSettled();
      boolean isNext = !partition.isHeld() && !partition.isRevoked() && books.window().size() == 0;
      return isNext ? ends.hidden(name, position()) : null;
    }
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(Time.nanoTime() - nanoTime);
  }

  private long position() {
    return partition.commits().position();
  }

  /** The offset before which all records are settled. */
  public long settledTo() {
    synchronized (partition) {
      books.enterSettled();
      return frontOr(position());
    }
  }

  /** The offset of the {@link #front}; the given one if there is none. */
  long frontOr(long none) {
    Outputs.Held held = partition.commits().outputs().held();
    Window<Delivery<K, V>> window = books.window();
    return held != null ? held.offset() : window.size() > 0 ? window.offset(0) : none;
  }

  /** Whether an end of the log is known. */
  public boolean knowsEnd() {
    synchronized (partition) {
      return ends.areKnown();
    }
  }

  /** Sets the end of the log, from a fetch. It can fall, because logs can be truncated. */
  public void fetchedEnd(long log) {
    synchronized (partition) {
      ends.fetched(log);
    }
  }

  /**
   * Sets the end of the log and the end of its readable part, from an answer of the brokers. An
   * open transaction hides the rest.
   */
  public void ends(long log, long stable) {
    synchronized (partition) {
      ends.told(log, stable);
    }
  }

  /**
   * The progress for people and meters.
   *
   * @param paused whether the partition is paused now
   */
  public PartitionStatus status(boolean paused) {
    synchronized (partition) {
      books.enterSettled();
      Commits<K, V> commits = partition.commits();
      long from = frontOr(position());
      OptionalLong lag =
          ends.areKnown()
              ? OptionalLong.of(Math.max(ends.end(), commits.next()) - from)
              : OptionalLong.empty();
      return new PartitionStatus(
          name,
          lag,
          books.running(),
          partition.lanes().size(),
          paused,
          front(),
          ends.withheld(position()));
    }
  }
}
