package dev.millrace.errors;

/**
 * An object that carries an element between two stages of one operator. A {@link Failure} names the
 * element, not its carrier. The text of a carrier should be the text of its element, because
 * messages show it.
 *
 * @param <T> the type of the element
 */
public interface Carrier<T> {

  /** The element that it carries. */
  T element();

  /** The element of the user: the element of a carrier, or the object itself. */
  static Object unwrap(Object object) {
    return object instanceof Carrier<?> carrier ? carrier.element() : object;
  }
}
