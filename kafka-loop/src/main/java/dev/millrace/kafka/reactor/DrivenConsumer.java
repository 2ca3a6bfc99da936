package dev.millrace.kafka.reactor;

import dev.millrace.channel.internal.Uninterruptibly;
import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.consumer.ConsumerCore;
import dev.millrace.kafka.internal.report.Ends;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The consumer that we give to a receiver of Reactor Kafka. Its subscribe, poll and close call our
 * core, and no poll returns a record.
 *
 * <p>It is a proxy, because Kafka sometimes adds methods to its consumer interface. The receiver
 * calls only a few of them, all in its own thread, except for wakeup.
 */
final class DrivenConsumer<K, V> implements InvocationHandler {

  /** Extra time for a busy machine, beyond the deadline that the core itself keeps. */
  private static final Duration SPARE = Duration.ofMillis(500);

  private final ConsumerCore<K, V> core;
  private final java.util.function.Consumer<? super Throwable> onFailure;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable Thread thread;
  private @Nullable Throwable failure;

  /**
   * A consumer for a new core.
   *
   * @param onFailure receives the failure after which polling cannot go on
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
   * Waits until the receiver has closed this consumer and its thread has ended; whether that was by
   * the deadline. An interrupt does not shorten the wait; the flag is set again afterwards.
   *
   * @param deadline as {@link System#nanoTime}
   */
  boolean awaitEnd(long deadline) {
    long last = deadline + SPARE.toNanos();
    boolean isClosed = Uninterruptibly.awaitUntil(last, left -> Time.await(closed, left.toNanos()));
    return isClosed && Ends.join(thread, last);
  }

  /** The innermost calls of the thread, for people. */
  String place() {
    Thread last = thread;
    return last == null ? "its thread has not started" : Ends.place(last);
  }

  @Override
  @SuppressWarnings("unchecked") // the types of the parameters in Kafka's interface
  public @Nullable Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    switch (method.getName()) {
      case "subscribe" -> core.subscribe((ConsumerRebalanceListener) arguments[1]);
      case "poll" -> {
        return poll();
      }
      case "wakeup" -> {} // a poll takes at most 100 ms, and no commit should be cut short
      case "close" -> close();
      case "pause" -> core.pauses().add((Collection<TopicPartition>) arguments[0]);
      case "resume" -> core.resume((Collection<TopicPartition>) arguments[0]);
      case "seek" -> core.seekNow((TopicPartition) arguments[0], offset(arguments[1]));
      case "commitSync", "commitAsync" ->
          throw new UnsupportedOperationException(
              "the loop itself commits settled records: do not commit");
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
      // An Error would end the polling of the receiver without a signal.
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
