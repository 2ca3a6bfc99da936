package dev.millrace.kafka.internal.partition;

import dev.millrace.kafka.internal.serde.Deserialization;
import dev.millrace.kafka.internal.serde.Turnstile;
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread at a time deserialize records of a partition, so that a partition has at most one
 * pair of deserializers. Lets all threads through if the deserializers have no state. Thread-safe.
 * Does not take the lock of the partition.
 */
/*
 * While the gate is closed, the partition hands out nothing. There are two reasons. A thread that
 * takes records for other threads is in a slow call ('late'). Or a worker has found the
 * deserializers in use, and has given its record back ('inUse'). The thread that closes the gate
 * sets a flag before it gives the record back, and the flag is cleared afterwards. Otherwise
 * another thread could take a later record first.
 */
final class DeserializerGate<K, V> {

  private final Deserialization<K, V> deserialization;
  private final Turnstile turnstile;
  private final Runnable onOpen;

  /** The record whose deserializer is slow; null if none is. */
  private volatile @Nullable Delivery<K, V> late;

  /** Whether a message was given back because the deserializers of the partition are in use. */
  private volatile boolean inUse;

  /**
   * A gate that is open.
   *
   * @param onOpen called when the gate may have opened; must not block
   */
  DeserializerGate(Deserialization<K, V> deserialization, Runnable onOpen) {
    this.deserialization = deserialization;
    this.turnstile = deserialization.turnstile();
    this.onOpen = onOpen;
  }

  /** Whether nothing may be handed out until a deserializer returns. */
  boolean isClosed() {
    return inUse || late != null;
  }

  /** The record whose deserializer is slow; null if there is none. */
  @Nullable Delivery<K, V> late() {
    return late;
  }

  /** Deserializes a record. Waits for the thread that is in the gate. */
  ConsumerRecord<K, V> deserialize(ConsumerRecord<byte[], byte[]> raw) {
    if (deserialization.isShared()) {
      return deserialization.apply(raw);
    }
    try {
      turnstile.enter();
    } catch (InterruptedException e) {
      throw new InterruptException("interrupted while it waited for a deserializer", e);
    }
    try {
      return deserialization.apply(raw);
    } finally {
      turnstile.leave();
    }
  }

  /**
   * Deserializes the record of a message that is about to be handled. If the deserializers are in
   * use for longer than the patience, it gives the message back. Returns whether the message may be
   * handled now.
   */
  boolean prepare(Delivery<K, V> delivery, Duration patience) {
    if (deserialization.isShared()) {
      boolean _ = delivery.prepare(); // the handler meets the failure
      return true;
    }
    boolean entered;
    try {
      entered = turnstile.enter(patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true; // the handling meets the interrupt
    }
    if (!entered) {
      inUse = true;
      delivery.giveBack();
      turnstile.whenFree(this::free);
      return false;
    }
    try {
      boolean _ = delivery.prepare(); // the handler meets the failure
      return true;
    } finally {
      turnstile.leave();
    }
  }

  private void free() {
    inUse = false;
    onOpen.run();
  }

  /** Closes the gate until the deserializer of this record has {@link #returned}. */
  void await(Delivery<K, V> delivery) {
    late = delivery;
  }

  /** The deserializer of this record has returned: the record is handed out again. */
  void returned(Delivery<K, V> delivery) {
    delivery.giveBack();
    late = null;
    onOpen.run(); // always: other records of the partition were held back, too
  }
}
