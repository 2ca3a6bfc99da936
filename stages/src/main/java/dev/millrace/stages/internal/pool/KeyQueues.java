package dev.millrace.stages.internal.pool;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a keyed stage that wait for another one of their key. Only keys with elements
 * inside have an entry. Thread-safe.
 */
final class KeyQueues {

  /** An element that is the first one of its key. */
  record Keyed(Object key, Object element) {}

  /** By key, the elements that wait for the one at work; null if none waits. */
  private final Map<Object, @Nullable ArrayDeque<Object>> waiting = new HashMap<>();

  /** Whether no element is inside. */
  synchronized boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Whether the element is the first one of its key; otherwise it waits for its turn. */
  synchronized boolean enter(Object key, Object element) {
    ArrayDeque<Object> behind = waiting.get(key);
    if (behind == null) {
      if (!waiting.containsKey(key)) {
        waiting.put(key, null);
        return true;
      }
      behind = new ArrayDeque<>();
      waiting.put(key, behind);
    }
    behind.add(element);
    return false;
  }

  /** The first element of the key is done: the next one of that key, or null if there is none. */
  synchronized @Nullable Object next(Object key) {
    ArrayDeque<Object> behind = waiting.get(key);
    Object next = behind == null ? null : behind.poll();
    if (next == null) {
      waiting.remove(key);
    }
    return next;
  }
}
