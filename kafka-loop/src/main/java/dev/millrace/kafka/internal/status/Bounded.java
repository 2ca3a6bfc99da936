package dev.millrace.kafka.internal.status;

import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * One value for each name, for at most 100 names; the names after that share one, {@code other}. So
 * names that come from data cannot fill the memory, nor a registry of meters. Thread-safe.
 */
public final class Bounded<T> {

  private static final int NAMES = 100;

  private static final String OTHER = "other";

  private final Map<String, T> values = new ConcurrentHashMap<>();
  private final Function<? super String, ? extends T> make;

  /** Values that are made when they are asked for first. */
  public Bounded(Function<? super String, ? extends T> make) {
    this.make = make;
  }

  /**
   * The value of that name. Threads that race for the last places may exceed the limit by a few.
   */
  public T of(String name) {
    T known = values.get(name);
    if (known != null) {
      return known;
    }
    return values.computeIfAbsent(values.size() < NAMES ? name : OTHER, make);
  }

  /** All values so far, by name. */
  public Map<String, T> all() {
    return Collections.unmodifiableMap(values);
  }
}
