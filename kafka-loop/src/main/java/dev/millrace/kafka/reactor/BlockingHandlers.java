package dev.millrace.kafka.reactor;

import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.internal.workers.Workers;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Handlers that block, each in a thread of the workers. The workers take the records from the
 * partitions themselves. So the thread of the loop starts nothing.
 *
 * @param name the consumer group, for people
 */
record BlockingHandlers<K, V>(String name, Workers<K, V> workers) implements HandlerStarter {

  private static final Duration NEVER = Duration.ofHours(1);

  @Override
  public @Nullable Exception failure() {
    return workers.failure();
  }

  @Override
  public boolean startAll() {
    return false;
  }

  @Override
  public Duration untilReady() {
    return NEVER;
  }

  @Override
  public void await(Duration timeout) throws InterruptedException {
    workers.await(timeout);
  }

  @Override
  public List<StuckHandlerException> running() {
    return workers.running(name);
  }

  @Override
  public void cancel() {
    workers.close();
  }
}
