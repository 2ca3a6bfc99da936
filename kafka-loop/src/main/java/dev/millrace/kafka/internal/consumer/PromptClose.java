package dev.millrace.kafka.internal.consumer;

import dev.millrace.channel.internal.Timers;
import dev.millrace.kafka.internal.text.Logs;
import java.time.Duration;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes a consumer of KIP-848 in time, even if no broker answers.
 *
 * <p>That consumer waits without a limit for its own network thread, which notices expired requests
 * only every five seconds: with a broker that hangs, a close with 800 ms took 10.1 s. An interrupt
 * ends the wait, and then the network thread ends at once. So a timer interrupts the closing thread
 * when its time is over, and the flag is cleared again.
 */
final class PromptClose implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(Logs.LOOP);

  /** The time that a close may take for itself, beyond its timeout. */
  private static final Duration SPARE = Duration.ofMillis(100);

  private final Thread closing = Thread.currentThread();
  private boolean isOver;
  private boolean hasInterrupted;

  private PromptClose() {}

  /** Closes the consumer. Blocks for the timeout and a tenth of a second, at most. */
  static void close(Consumer<?, ?> consumer, Duration timeout) {
    var limit = new PromptClose();
    Future<?> timer = Timers.schedule(limit, Timers.toNanos(timeout.plus(SPARE)));
    try {
      consumer.close(CloseOptions.timeout(timeout));
    } catch (InterruptException e) {
      if (!limit.end()) {
        throw e; // another thread has interrupted this one
      }
      LOG.warn(
          "no broker has answered within {} ms that the member may leave: its group waits for it"
              + " until its session ends",
          timeout.toMillis());
    } finally {
      timer.cancel(false);
      if (limit.end()) {
        boolean _ = Thread.interrupted();
      }
    }
  }

  /** The time is over. */
  @Override
  public synchronized void run() {
    if (!isOver) {
      hasInterrupted = true;
      closing.interrupt();
    }
  }

  /** The close has ended; whether it was interrupted. */
  private synchronized boolean end() {
    isOver = true;
    return hasInterrupted;
  }
}
