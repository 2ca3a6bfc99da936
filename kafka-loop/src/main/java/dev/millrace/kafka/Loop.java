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
 * A consumer loop of any face: runs it, queries it, and ends it. A loop runs once. Thread-safe: any
 * thread may call any method.
 */
public interface Loop {

  /**
   * Consumes until the loop is drained, the context is cancelled, or the consumer fails. Then it
   * commits the settled records and leaves the group. Blocks. Returns at once if the loop was
   * drained before.
   *
   * <p>When this method returns, all threads of the loop have ended, except for handlers that
   * ignored their interrupt. The loop waits for them and leaves the group within {@link
   * #closeTimeout}. Each handler left behind is reported as a {@link StuckHandlerException}.
   *
   * <p>Listeners are called in the calling thread, or, if that is a virtual thread, in a platform
   * thread of the loop: handlers may keep all carriers of virtual threads busy.
   *
   * @throws ExecutionException if a record failed and no retry or dead letter is left for it, or if
   *     the consumer cannot go on; with the cause
   * @throws CancellationException if the context is cancelled; with the cause of the context
   * @throws InterruptedException if the calling thread is interrupted
   * @throws IllegalStateException if the loop has run before
   */
  void run(Context context) throws InterruptedException, ExecutionException;

  /**
   * Starts no more handlers, lets the running handlers finish, commits, and makes {@link #run}
   * return. Blocks until the loop has ended: at most {@code timeout} and {@link #closeTimeout}
   * together, whatever the handlers do.
   *
   * <p>A handler, a listener or an observer of this loop may also call this method. The loop may
   * wait for such code, so the call then only starts the drain, and returns at once.
   *
   * @param timeout how long handlers may still run; afterwards they are interrupted or cancelled
   * @throws IllegalArgumentException if the timeout is not positive
   * @throws InterruptedException if the calling thread is interrupted; the drain goes on
   */
  void drain(Duration timeout) throws InterruptedException;

  /** The time limit for the last commit and for leaving the group. */
  Duration closeTimeout();

  /**
   * Changes the number of handlers that may run at the same time. Running handlers finish: with a
   * lower number, no handler starts until enough of them have ended. The order of the records is
   * kept. Does not block. The current number is in {@link #status}.
   *
   * @throws IllegalArgumentException if the number is below 1
   */
  void concurrency(int handlers);

  /**
   * Changes the rate at which handlers start; see {@link
   * dev.millrace.kafka.builder.LoopBuilder#rateLimit}. {@link RateLimit#NONE} ends the limit. Does
   * not block. The current limit is in {@link #status}.
   *
   * @throws IllegalArgumentException if the limit is less than one record in {@code stuckAfter}
   */
  void rateLimit(RateLimit limit);

  /** The health of the loop now. Takes some microseconds, and does not ask the broker. */
  Health health();

  /**
   * The progress of each partition that is assigned to this member. Empty if there is none. Does
   * not ask the broker.
   */
  List<PartitionStatus> partitions();

  /** A snapshot for a dashboard. Takes some microseconds, and does not ask the broker. */
  LoopStatus status();

  /**
   * The events of {@link dev.millrace.kafka.builder.LoopBuilder#onError} and {@link
   * dev.millrace.kafka.builder.LoopBuilder#onNotification}, and the dead letters, as a channel.
   * Each event goes to one receiver. The first call delivers the last 20 events first. The loop
   * never waits for a receiver: the channel holds 1,000 events, and drops the oldest one when it is
   * full. The channel is closed when the loop has ended.
   */
  ReceiveChannel<LoopEvent> events();

  /**
   * Pauses these partitions: no more handlers start for them, except for a few records that were
   * handed out before. The pause lasts until {@link #resume}. It survives rebalances, and also
   * holds for partitions that are not assigned to this member. Polling goes on. Does not block. A
   * loop that does not run yet starts paused.
   */
  void pause(Collection<TopicPartition> names);

  /** Pauses all partitions, including partitions assigned later; see {@link #pause}. */
  void pauseAll();

  /** Resumes these partitions after {@link #pause} or {@link #pauseAll}. */
  void resume(Collection<TopicPartition> names);

  /** Resumes all partitions. */
  void resumeAll();

  /**
   * The paused partitions: the ones named in {@link #pause} and not resumed since. After {@link
   * #pauseAll}, also the partitions that are assigned to this member now.
   */
  Set<TopicPartition> paused();
}
