package dev.millrace.kafka.internal.settings;

import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Opens the public builders to the faces in other packages, so that no internal type is part of a
 * builder's signature. This package is below the builders and cannot name them: their classes
 * register the functions when they are initialized. {@code Drafts} is the typed side, for the
 * faces. Thread-safe.
 */
public final class DraftAccess {

  private static volatile @Nullable Function<Object, ConsumerDraft<?, ?>> ofConsumer;
  private static volatile @Nullable Function<Object, LoopDraft<?, ?>> ofLoop;

  private DraftAccess() {}

  /** For the class of the builders of consumers, once. */
  public static void openConsumers(Function<Object, ConsumerDraft<?, ?>> function) {
    ofConsumer = function;
  }

  /** For the class of the builders of loops, once. */
  public static void openLoops(Function<Object, LoopDraft<?, ?>> function) {
    ofLoop = function;
  }

  /** The draft of the consumer that this builder writes. */
  public static ConsumerDraft<?, ?> consumer(Object builder) {
    return Objects.requireNonNull(ofConsumer).apply(builder);
  }

  /** The draft of the loop that this builder writes. */
  public static LoopDraft<?, ?> loop(Object builder) {
    return Objects.requireNonNull(ofLoop).apply(builder);
  }
}
