package dev.millrace.kafka;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.TopicPartition;

/**
 * What can be done with a loop of any face: run it, ask it, and end it. A loop runs once. All
 * methods may be called by any thread.
 */
public interface Loop {

  /**
   * Consumes until the loop is drained, the context is cancelled, or something fails; then commits
   * what is settled and leaves the group. Blocks. No thread of the loop is alive when it returns,
   * but for handlers that go on although they were interrupted: the loop waits for these no longer
   * than {@link #closeTimeout}, in which it leaves the group as well, and tells of each by a {@link
   * StuckHandlerException}.
   *
   * @throws ExecutionException if a record failed and nothing else is to be done, or the consumer
   *     can not go on; with the cause
   * @throws CancellationException if the context is cancelled, with its cause
   * @throws InterruptedException if the thread is interrupted
   * @throws IllegalStateException if the loop has run before
   */
  void run(Context context) throws InterruptedException, ExecutionException;

  /**
   * Stops starting handlers, lets those that run finish, commits, and makes {@link #run} return.
   * Blocks until it has: {@code timeout} and {@link #closeTimeout} at the most, whatever handlers
   * do. A handler, a listener or an observer of this loop, for which the loop may wait, begins the
   * drain by this call, and goes on at once.
   *
   * @param timeout how long handlers may still run; then they are interrupted or cancelled
   */
  void drain(Duration timeout) throws InterruptedException;

  /** How long the commit and the leave at the end may take. */
  Duration closeTimeout();

  /** How it is doing now; takes some microseconds, and does not ask the broker. */
  Health health();

  /** How far each partition is that this member has now, if any; does not ask the broker. */
  List<PartitionStatus> partitions();

  /** All that a dashboard shows; takes some microseconds, and does not ask the broker. */
  LoopStatus status();

  /**
   * What {@link LoopBuilder#onError} and {@link LoopBuilder#onNotification} are told, as a channel.
   * Each event goes to one receiver. The first call begins with the last 20 events. The loop never
   * waits for a receiver: the oldest of 1,000 events is dropped. Closed when the loop has ended.
   */
  ReceiveChannel<LoopEvent> events();

  /**
   * Starts no more handlers for these partitions, but for the few records that were handed out
   * before. It holds until {@link #resume}, whatever rebalances do, and for partitions that this
   * member has not got. Polling goes on. Does not block; a loop that does not run yet starts
   * paused.
   */
  void pause(Collection<TopicPartition> names);

  /** As {@link #pause}, for all partitions, those that are assigned later too. */
  void pauseAll();

  /** Ends a {@link #pause}, or that of these partitions after a {@link #pauseAll}. */
  void resume(Collection<TopicPartition> names);

  /** Ends every pause. */
  void resumeAll();

  /**
   * The partitions that {@link #pause} has paused, and nothing has resumed; after a {@link
   * #pauseAll}, those that this member has now as well.
   */
  Set<TopicPartition> paused();
}
