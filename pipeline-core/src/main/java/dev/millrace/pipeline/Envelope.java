package dev.millrace.pipeline;

/**
 * An element on its way through a {@linkplain Lift lifted} pipeline, with its origin. The holder of
 * an envelope has a claim to the origin.
 *
 * <p>An element that has no origin, {@link Origin#NONE}, travels as it is: it costs no envelope.
 */
record Envelope<T>(T value, Origin origin) {

  /** The element as it travels. */
  static Object of(Object value, Origin origin) {
    return origin == Origin.NONE ? value : new Envelope<>(value, origin);
  }

  /** The element itself. */
  static Object value(Object travelling) {
    return travelling instanceof Envelope<?> envelope ? envelope.value() : travelling;
  }

  /** The element's origin. */
  static Origin origin(Object travelling) {
    return travelling instanceof Envelope<?> envelope ? envelope.origin() : Origin.NONE;
  }

  /** That of the element: messages of failures show it. */
  @Override
  public String toString() {
    return value.toString();
  }
}
