package dev.millrace.kafka.internal.drafts;

import dev.millrace.kafka.builder.ConsumerBuilder;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.internal.settings.ConsumerDraft;
import dev.millrace.kafka.internal.settings.DraftAccess;
import dev.millrace.kafka.internal.settings.LoopDraft;

/** Gives the faces the drafts that the public builders write. Thread-safe. */
public final class Drafts {

  private Drafts() {}

  /** The draft of the consumer that this builder writes. */
  @SuppressWarnings("unchecked") // a builder's draft has the builder's types
  public static <K, V> ConsumerDraft<K, V> consumer(ConsumerBuilder<K, V, ?> builder) {
    return (ConsumerDraft<K, V>) DraftAccess.consumer(builder);
  }

  /** The draft of the loop that this builder writes. */
  @SuppressWarnings("unchecked") // a builder's draft has the builder's types
  public static <K, V> LoopDraft<K, V> loop(LoopBuilder<K, V, ?> builder) {
    return (LoopDraft<K, V>) DraftAccess.loop(builder);
  }
}
