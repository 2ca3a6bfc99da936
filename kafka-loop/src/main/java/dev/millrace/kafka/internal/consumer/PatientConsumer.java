package dev.millrace.kafka.internal.consumer;

import dev.millrace.kafka.internal.settings.ConsumerSettings;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A consumer that repeats a call that its own thread was late to take, and that closes in time.
 *
 * <p>Kafka's consumer of KIP-848 hands each call to a thread of its own, and waits for it, at most
 * for {@code default.api.timeout.ms}. On a machine without processor time to spare that can be too
 * short even for calls that ask no broker. The calls that are repeated have the same effect if they
 * are done twice.
 */
final class PatientConsumer implements InvocationHandler {

  private static final int ATTEMPTS = 3;
  private static final Set<String> REPEATED =
      Set.of("pause", "resume", "seek", "assign", "subscribe");

  /** What Kafka's consumer allows for a close without a timeout. */
  private static final Duration LONGEST_CLOSE = Duration.ofSeconds(30);

  private final Consumer<byte[], byte[]> consumer;

  private PatientConsumer(Consumer<byte[], byte[]> consumer) {
    this.consumer = consumer;
  }

  /** The consumer to use for the settings, in place of the given one. */
  @SuppressWarnings("unchecked") // the proxy has the type of the interface
  static Consumer<byte[], byte[]> around(
      Consumer<byte[], byte[]> consumer, ConsumerSettings<?, ?> settings) {
    if (!isOfKip848(settings)) {
      return consumer;
    }
    return (Consumer<byte[], byte[]>)
        Proxy.newProxyInstance(
            Consumer.class.getClassLoader(),
            new Class<?>[] {Consumer.class},
            new PatientConsumer(consumer));
  }

  /** Whether the group has the protocol of KIP-848. */
  static boolean isOfKip848(ConsumerSettings<?, ?> settings) {
    Object protocol = settings.property(ConsumerConfig.GROUP_PROTOCOL_CONFIG);
    return GroupProtocol.CONSUMER.name().equalsIgnoreCase(String.valueOf(protocol));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    if (arguments != null && arguments[0] instanceof CloseOptions options) {
      PromptClose.close(consumer, options.timeout().orElse(LONGEST_CLOSE));
      return null;
    }
    int attempts = REPEATED.contains(method.getName()) ? ATTEMPTS : 1;
    for (int attempt = 1; ; attempt++) {
      try {
        return method.invoke(consumer, arguments);
      } catch (InvocationTargetException e) {
        if (attempt == attempts || !(e.getCause() instanceof TimeoutException)) {
          throw e.getCause();
        }
      }
    }
  }
}
