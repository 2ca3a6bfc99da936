package dev.millrace.kafka.internal.settings;

import dev.millrace.kafka.ConsumerBuilder;
import dev.millrace.kafka.LoopBuilder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Opens the public builders to the faces in other packages, so that no internal type is part of a
 * builder's signature. The builders' classes set the functions when they are initialized; a caller
 * has a builder, so its class is initialized. Thread-safe.
 */
public final class Drafts {

  /** Gives the draft of the consumer. */
  @FunctionalInterface
  public interface OfConsumer {
    /** The draft that this builder writes. */
    <K, V> ConsumerDraft<K, V> of(ConsumerBuilder<K, V, ?> builder);
  }

  /** Gives the draft of the loop. */
  @FunctionalInterface
  public interface OfLoop {
    /** The draft that this builder writes. */
    <K, V> LoopDraft<K, V> of(LoopBuilder<K, V, ?> builder);
  }

  private static volatile @Nullable OfConsumer ofConsumer;
  private static volatile @Nullable OfLoop ofLoop;

  private Drafts() {}

  /** For the class of the builders of consumers, once. */
  public static void openConsumers(OfConsumer function) {
    ofConsumer = function;
  }

  /** For the class of the builders of loops, once. */
  public static void openLoops(OfLoop function) {
    ofLoop = function;
  }

  /** The draft of the consumer that this builder writes. */
  public static <K, V> ConsumerDraft<K, V> consumer(ConsumerBuilder<K, V, ?> builder) {
    return Objects.requireNonNull(ofConsumer).of(builder);
  }

  /** The draft of the loop that this builder writes. */
  public static <K, V> LoopDraft<K, V> loop(LoopBuilder<K, V, ?> builder) {
    return Objects.requireNonNull(ofLoop).of(builder);
  }
}
