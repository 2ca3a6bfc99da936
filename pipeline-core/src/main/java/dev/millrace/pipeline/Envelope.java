package dev.millrace.pipeline;

/**
 * An element on its way through a {@linkplain Lift lifted} pipeline, with its origin. The holder of
 * an envelope has a claim to the origin.
 *
 * <p>An element without an origin ({@link Origin#NONE}) travels without an envelope.
 */
record Envelope<T>(T value, Origin origin) {

  /** Wraps the element in an envelope, if it has an origin. */
  static Object of(Object value, Origin origin) {
    return origin == Origin.NONE ? value : new Envelope<>(value, origin);
  }

  /** The element without its envelope. */
  static Object value(Object travelling) {
    return travelling instanceof Envelope<?> envelope ? envelope.value() : travelling;
  }

  /** The element's origin. */
  static Origin origin(Object travelling) {
    return travelling instanceof Envelope<?> envelope ? envelope.origin() : Origin.NONE;
  }

  /** The text of the element, because messages of failures show it. */
  @Override
  public String toString() {
    return value.toString();
  }
}
