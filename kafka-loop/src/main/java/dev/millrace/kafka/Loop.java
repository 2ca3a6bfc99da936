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
   * what is settled and leaves the group. Blocks; no thread of the loop is alive when it returns.
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
   * Blocks until it has.
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
   * Each event goes to one receiver. The loop never waits for one: if nobody receives them, the
   * oldest of 1,000 is dropped. Closed when the loop has ended.
   */
  ReceiveChannel<LoopEvent> events();

  /**
   * Starts no more handlers for these partitions, but for the few records that were handed out
   * before. It holds until {@link #resume}, whatever rebalances do. Polling goes on.
   *
   * @throws IllegalStateException if the loop does not run yet
   */
  void pause(Collection<TopicPartition> names);

  /** Ends a {@link #pause}. */
  void resume(Collection<TopicPartition> names);

  /** What {@link #pause} has paused, and nothing has resumed. */
  Set<TopicPartition> paused();
}
