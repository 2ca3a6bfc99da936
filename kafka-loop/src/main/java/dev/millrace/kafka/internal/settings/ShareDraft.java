package dev.millrace.kafka.internal.settings;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a loop over a share group while its builder collects them. Only builders write
 * the fields; {@link ShareSettings} says what they mean. Not thread-safe.
 */
public final class ShareDraft<K, V> {

  /** The settings that every consumer has. */
  public final ConsumerDraft<K, V> consumer = new ConsumerDraft<>();

  /** The settings that every loop has. */
  public final LoopDraft<K, V> loop = new LoopDraft<>(consumer);

  public int consumers = 1;
  public int lookAhead = 500;
  public int deliveries = 1;
  public boolean rejects;

  /** Null for Kafka's own consumer, which older clients do not have. */
  public @Nullable Function<Map<String, Object>, ShareConsumer<byte[], byte[]>> factory;

  /**
   * The settings as they are now.
   *
   * @throws IllegalStateException if the client on the class path has no complete share consumer
   * @throws IllegalArgumentException if settings do not fit together
   */
  public ShareSettings settings() {
    checkClient();
    return new ShareSettings(this).check();
  }

  /**
   * Checks that the client can renew locks. By reflection, and before {@link ShareSettings} is
   * loaded, because older clients lack the classes.
   */
  private static void checkClient() {
    if (!canRenew()) {
      throw new IllegalStateException(
          "share groups need kafka-clients 4.2 or later, but the class path has kafka-clients %s: raise it, or use a KafkaLoop"
              .formatted(ClientVersion.get()));
    }
  }

  private static boolean canRenew() {
    try {
      Class.forName("org.apache.kafka.clients.consumer.KafkaShareConsumer");
      Class<?> type = Class.forName("org.apache.kafka.clients.consumer.AcknowledgeType");
      return Stream.of(type.getFields()).anyMatch(one -> one.getName().equals("RENEW"));
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
