package dev.millrace.kafka.internal.consumer;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that polls for a core, until the core is told to stop. It waits for no handler, except
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
   * @param onEnd is called by the thread at its end: with why the consumer can not go on, or null
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
      LOG.error("the consumer can not go on", e);
    } finally {
      onEnd.accept(core.end(cause));
    }
  }
}
