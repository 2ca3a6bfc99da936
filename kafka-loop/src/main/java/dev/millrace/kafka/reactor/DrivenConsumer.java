package dev.millrace.kafka.reactor;

import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.report.Ends;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The consumer that a receiver of Reactor Kafka gets: its subscribe, poll and close are those of
 * our core, and no poll returns a record.
 *
 * <p>A proxy, as Kafka adds methods to its consumer from time to time; the receiver calls few of
 * them, all in its own thread but wakeup.
 */
final class DrivenConsumer<K, V> implements InvocationHandler {

  /** What a busy machine may take beyond the deadline that the core keeps itself. */
  private static final Duration SPARE = Duration.ofMillis(500);

  private final ConsumerCore<K, V> core;
  private final java.util.function.Consumer<? super Throwable> onFailure;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable Thread thread;
  private @Nullable Throwable failure;

  /**
   * Of a core that is new.
   *
   * @param onFailure gets what a poll can not go on after
   */
  DrivenConsumer(
      ConsumerCore<K, V> core, java.util.function.Consumer<? super Throwable> onFailure) {
    this.core = core;
    this.onFailure = onFailure;
  }

  Consumer<?, ?> proxy() {
    return (Consumer<?, ?>)
        Proxy.newProxyInstance(
            Consumer.class.getClassLoader(), new Class<?>[] {Consumer.class}, this);
  }

  /**
   * Waits until the receiver has closed it, and its thread has ended, and not beyond that {@link
   * System#nanoTime}; whether that is so. An interrupt is kept.
   */
  boolean awaitEnd(long deadline) {
    long last = deadline + SPARE.toNanos();
    boolean interrupted = false;
    boolean isClosed = false;
    while (!isClosed && !Ends.left(last).isZero()) {
      try {
        isClosed = closed.await(Ends.left(last).toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    boolean ended = isClosed && Ends.join(thread, last);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return ended;
  }

  /** What the thread is doing, for people. */
  String place() {
    Thread last = thread;
    return last == null ? "it has not begun" : Ends.place(last);
  }

  @Override
  @SuppressWarnings("unchecked") // the types that Kafka's interface has
  public @Nullable Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    switch (method.getName()) {
      case "subscribe" -> core.subscribe((ConsumerRebalanceListener) arguments[1]);
      case "poll" -> {
        return poll();
      }
      case "wakeup" -> {} // no poll is longer than 100 ms, and no commit should end halfway
      case "close" -> close();
      case "pause" -> core.pauses().add((Collection<TopicPartition>) arguments[0]);
      case "resume" -> core.resume((Collection<TopicPartition>) arguments[0]);
      case "seek" -> core.seekNow((TopicPartition) arguments[0], offset(arguments[1]));
      case "commitSync", "commitAsync" ->
          throw new UnsupportedOperationException("the loop commits what is settled");
      default -> {
        return delegate(method, arguments);
      }
    }
    return null;
  }

  private static long offset(Object argument) {
    return argument instanceof OffsetAndMetadata both ? both.offset() : (Long) argument;
  }

  private ConsumerRecords<?, ?> poll() throws Throwable {
    thread = Thread.currentThread();
    try {
      core.poll();
    } catch (Throwable e) {
      failure = e;
      onFailure.accept(e);
      // An error would end the receiver's turns without a word.
      throw e instanceof Error ? new KafkaException("a poll has failed", e) : e;
    }
    return ConsumerRecords.empty();
  }

  private void close() {
    thread = Thread.currentThread();
    try {
      core.end(failure);
    } finally {
      closed.countDown();
    }
  }

  private @Nullable Object delegate(Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(core.consumer(), arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
