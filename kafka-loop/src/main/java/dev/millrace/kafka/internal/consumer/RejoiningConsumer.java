package dev.millrace.kafka.internal.consumer;

import dev.millrace.clock.internal.Time;
import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.jspecify.annotations.Nullable;

/**
 * A consumer whose member can join its group again after the group has refused it.
 *
 * <p>Kafka's consumer of KIP-848 is out of use after a heartbeat that was refused for lack of
 * rights: it has lost its partitions, and each later poll returns nothing. So this consumer closes
 * it, makes a new one, and subscribes again. All calls go to the present one. The thread that polls
 * makes all calls, except {@link Consumer#wakeup}.
 */
final class RejoiningConsumer implements InvocationHandler {

  /** The shortest time from a refusal to a new consumer. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final Supplier<Consumer<byte[], byte[]>> factory;
  private volatile Consumer<byte[], byte[]> present;

  /** The last call of {@link Consumer#subscribe}. */
  private @Nullable Method subscribe;

  private Object @Nullable [] subscription;
  private final Duration pause;
  private boolean hasRejoined;
  private boolean isRefused;
  private long refusedAt;
  private int refusedEpoch;

  private RejoiningConsumer(
      Supplier<Consumer<byte[], byte[]>> factory,
      Consumer<byte[], byte[]> first,
      Duration interval) {
    this.factory = factory;
    this.present = first;
    this.pause = interval.compareTo(PAUSE) < 0 ? PAUSE : interval;
  }

  /** The consumer to use for the settings, in place of the given one. */
  @SuppressWarnings("unchecked") // the proxy has the type of the interface
  static Consumer<byte[], byte[]> around(
      Consumer<byte[], byte[]> first, ConsumerSettings<?, ?> settings) {
    Duration interval = settings.awaitRights;
    if (interval == null || !PatientConsumer.isOfKip848(settings)) {
      return first;
    }
    return (Consumer<byte[], byte[]>)
        Proxy.newProxyInstance(
            Consumer.class.getClassLoader(),
            new Class<?>[] {Consumer.class},
            new RejoiningConsumer(settings::newConsumer, first, interval));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    switch (method.getName()) {
      case "subscribe" -> {
        subscribe = method;
        subscription = arguments;
      }
      case "unsubscribe" -> subscribe = null;
      case "poll" -> {
        return poll(method, arguments);
      }
      default -> {}
    }
    return call(method, arguments);
  }

  private @Nullable Object poll(Method method, Object @Nullable [] arguments) throws Throwable {
    if (isRefused && Time.nanoTime() - refusedAt >= pause.toNanos()) {
      if (epoch() < 0 || epoch() == refusedEpoch) { // otherwise it has joined by itself
        rejoin(); // if it fails, the next poll repeats it
      }
      isRefused = false;
    }
    try {
      return call(method, arguments);
    } catch (GroupAuthorizationException | AuthenticationException e) {
      refused();
      throw e;
    } catch (UnreleasedInstanceIdException e) {
      if (!hasRejoined) {
        throw e;
      }
      refused();
      throw new TimeoutException(
          "the group keeps the name of the member until its session ends", e);
    }
  }

  private void refused() {
    isRefused = true;
    refusedAt = Time.nanoTime();
    refusedEpoch = epoch();
  }

  /** The number of the member's last assignment; negative before the first one. */
  private int epoch() {
    return present.groupMetadata().generationId();
  }

  private void rejoin() throws Throwable {
    hasRejoined = true;
    try {
      PromptClose.close(present, Duration.ZERO);
    } finally {
      present = factory.get();
    }
    Method call = subscribe;
    if (call != null) {
      call(call, subscription);
    }
  }

  private @Nullable Object call(Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(present, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
