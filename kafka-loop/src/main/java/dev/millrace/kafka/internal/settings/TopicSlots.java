package dev.millrace.kafka.internal.settings;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The handlers that each topic uses, with a bound for each. Thread-safe, without a lock. */
public final class TopicSlots {

  private final int all;
  private final Map<String, Integer> bounds;
  private final Map<String, AtomicInteger> used = new ConcurrentHashMap<>();

  /**
   * No slot is used.
   *
   * @param all the bound of a topic that the map does not name
   */
  public TopicSlots(int all, Map<String, Integer> bounds) {
    this.all = all;
    this.bounds = Map.copyOf(bounds);
  }

  private int bound(String topic) {
    return bounds.getOrDefault(topic, all);
  }

  private AtomicInteger used(String topic) {
    return used.computeIfAbsent(topic, name -> new AtomicInteger());
  }

  boolean isOpen(String topic) {
    return used(topic).get() < bound(topic);
  }

  /** Takes a slot; false if all are used. */
  boolean enter(String topic) {
    AtomicInteger now = used(topic);
    int bound = bound(topic);
    for (int known = now.get(); known < bound; known = now.get()) {
      if (now.compareAndSet(known, known + 1)) {
        return true;
      }
    }
    return false;
  }

  /** Frees a slot. Returns whether all slots were used before. */
  boolean leave(String topic) {
    return used(topic).getAndDecrement() >= bound(topic);
  }
}
