package dev.millrace.kafka;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.context.Context;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.TopicPartition;

/**
 * Forwards all methods of a {@link Loop} to the implementation, which is not API. Not for
 * applications to extend. Thread-safe.
 *
 * @param <K> the type of the keys
 * @param <V> the type of the values
 */
public abstract class AbstractLoop<K, V> implements Loop {

  private final Loop loop;

  /** For the faces of the loop. */
  protected AbstractLoop(Loop loop) {
    this.loop = loop;
  }

  @Override
  public final void run(Context context) throws InterruptedException, ExecutionException {
    loop.run(context);
  }

  @Override
  public final void drain(Duration timeout) throws InterruptedException {
    loop.drain(timeout);
  }

  @Override
  public final Duration closeTimeout() {
    return loop.closeTimeout();
  }

  @Override
  public final void concurrency(int handlers) {
    loop.concurrency(handlers);
  }

  @Override
  public final void rateLimit(RateLimit limit) {
    loop.rateLimit(limit);
  }

  @Override
  public final Health health() {
    return loop.health();
  }

  @Override
  public final List<PartitionStatus> partitions() {
    return loop.partitions();
  }

  @Override
  public final LoopStatus status() {
    return loop.status();
  }

  @Override
  public final ReceiveChannel<LoopEvent> events() {
    return loop.events();
  }

  @Override
  public final void pause(Collection<TopicPartition> names) {
    loop.pause(names);
  }

  @Override
  public final void pauseAll() {
    loop.pauseAll();
  }

  @Override
  public final void resume(Collection<TopicPartition> names) {
    loop.resume(names);
  }

  @Override
  public final void resumeAll() {
    loop.resumeAll();
  }

  @Override
  public final Set<TopicPartition> paused() {
    return loop.paused();
  }
}
