package dev.millrace.kafka.internal.consumer;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that polls for a core, until {@link ConsumerCore#stop()}. It waits for handlers only
 * in a rebalance.
 */
public final class PollThread {

  private static final Logger LOG = LoggerFactory.getLogger(PollThread.class);

  private final ConsumerCore<?, ?> core;
  private final Consumer<? super @Nullable Throwable> onEnd;
  private final Thread thread;

  /**
   * A thread that is not started.
   *
   * @param onEnd called by the thread at its end, with the failure of the consumer, or null if it
   *     did not fail
   */
  public PollThread(
      String group, ConsumerCore<?, ?> core, Consumer<? super @Nullable Throwable> onEnd) {
    this.core = core;
    this.onEnd = onEnd;
    this.thread = Thread.ofPlatform().daemon().name("millrace-poll-" + group).unstarted(this::run);
  }

  /** The thread that polls. */
  public Thread thread() {
    return thread;
  }

  private void run() {
    Throwable cause = null;
    try {
      core.subscribe();
      while (!core.isStopped()) {
        core.poll();
      }
    } catch (Throwable e) {
      cause = e;
      LOG.error("the consumer cannot go on", e);
    } finally {
      onEnd.accept(core.end(cause));
    }
  }
}
