package dev.millrace.lincheck;

import java.util.ArrayDeque;

/** The sequential model of a channel. */
abstract class ChannelSpecification {

  private final int capacity;
  private final ArrayDeque<Integer> elements = new ArrayDeque<>();
  private boolean closed;

  ChannelSpecification(int capacity) {
    this.capacity = capacity;
  }

  public String trySend(int element) {
    if (closed) {
      return "closed";
    }
    if (elements.size() == capacity) {
      return "full";
    }
    elements.add(element);
    return "sent";
  }

  public String tryReceive() {
    Integer element = elements.poll();
    return element != null ? element.toString() : closed ? "closed" : "empty";
  }

  public void close() {
    closed = true;
  }

  public int size() {
    return elements.size();
  }

  /** Capacity 1. */
  public static class OfOne extends ChannelSpecification {
    public OfOne() {
      super(1);
    }
  }

  /** Capacity 2. */
  public static class OfTwo extends ChannelSpecification {
    public OfTwo() {
      super(2);
    }
  }
}
