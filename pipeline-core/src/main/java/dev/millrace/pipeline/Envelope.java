package dev.millrace.pipeline;

/**
 * An element on its way through a {@linkplain Lift lifted} pipeline, and what it descends from. Who
 * has it has a claim to its origin.
 */
record Envelope<T>(T value, Origin origin) {

  /** That of the element: messages of failures show it. */
  @Override
  public String toString() {
    return value.toString();
  }
}
