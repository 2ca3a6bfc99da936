package dev.millrace.service;

import java.util.List;

/**
 * Writes events that a {@link Tracker} has collected, in their order.
 *
 * @param <E> the type of the events
 */
@FunctionalInterface
public interface BatchWriter<E> {

  /**
   * Writes the events; may block. Called by one thread at a time.
   *
   * @param events at least one; unmodifiable, and not used by the tracker afterwards
   * @throws Exception if they are not written; the tracker counts them as failed and goes on
   */
  void write(List<E> events) throws Exception;
}
