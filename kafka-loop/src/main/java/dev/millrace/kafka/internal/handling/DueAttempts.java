package dev.millrace.kafka.internal.handling;

import dev.millrace.kafka.internal.settings.Gate;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Attempts that wait for a handler: batches, and attempts that are due again. An attempt that the
 * gate does not let through stays here. Thread-safe, without a lock.
 */
public final class DueAttempts<K, V> {

  private final Queue<Attempt<K, V>> attempts = new ConcurrentLinkedQueue<>();
  private final Gate gate;

  /** No attempt waits. */
  public DueAttempts(Gate gate) {
    this.gate = gate;
  }

  /** Adds an attempt that has not begun. */
  public void add(Attempt<K, V> attempt) {
    attempts.add(attempt);
  }

  /** Whether no attempt waits. */
  public boolean isEmpty() {
    return attempts.isEmpty();
  }

  /** Whether an attempt may be taken now. If not, the gate gives a signal later. */
  public boolean isAnyOpen() {
    if (gate.isFree() || attempts.isEmpty()) {
      return !attempts.isEmpty();
    }
    return attempts.stream().anyMatch(one -> gate.isOpen(one.topic()));
  }

  /** Takes the first attempt that may be handled now, with its place; null if there is none. */
  public @Nullable Attempt<K, V> poll() {
    if (gate.isFree()) {
      return attempts.poll();
    }
    for (Attempt<K, V> attempt : List.copyOf(attempts)) {
      if (gate.enter(attempt.topic())) {
        if (attempts.remove(attempt)) {
          gate.took(attempt.first(), attempt.size(), attempt.bytes());
          return attempt;
        }
        gate.missed(attempt.topic());
      }
    }
    return null;
  }
}
