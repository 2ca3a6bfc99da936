package dev.millrace.stages.internal.channels;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A link for buffers that a {@link RingLink} does not suit: buffers that drop elements at the head,
 * and buffers with a capacity too large to allocate in advance.
 */
final class DequeLink extends Link {

  /** Guarded by this. */
  private final ArrayDeque<Object> elements = new ArrayDeque<>();

  private final int capacity;

  DequeLink(int capacity, PipelineThread producer, PipelineThread consumer, Runnable onCancel) {
    super(producer, consumer, onCancel);
    this.capacity = capacity;
  }

  @Override
  synchronized boolean hasRoom() {
    return elements.size() < capacity;
  }

  @Override
  synchronized void add(Object element) {
    elements.add(element);
  }

  /** Puts the element in the place of the oldest one, if the link is full; null if it is not. */
  synchronized @Nullable Object replace(Object element) {
    if (elements.size() < capacity) {
      return null;
    }
    Object oldest = elements.remove();
    elements.add(element);
    return oldest;
  }

  @Override
  @Nullable Object poll() {
    Object element;
    synchronized (this) {
      element = elements.poll();
    }
    if (element != null) {
      madeRoom();
    }
    return element;
  }

  @Override
  synchronized boolean isEmpty() {
    return elements.isEmpty();
  }
}
