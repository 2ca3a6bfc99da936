package dev.millrace.service;

import java.util.List;

/**
 * Writes the events of a {@link Tracker}, in their order. It need not be thread-safe: one thread at
 * a time calls it.
 *
 * @param <E> the type of the events
 */
@FunctionalInterface
public interface BatchWriter<E> {

  /**
   * Writes the events; may block. The tracker interrupts it if a shutdown reaches its deadline.
   *
   * @param events at least one event; an unmodifiable list that the tracker does not use after the
   *     call
   * @throws Exception if the events are not written; the tracker counts them as failed and
   *     continues
   */
  void write(List<E> events) throws Exception;
}
