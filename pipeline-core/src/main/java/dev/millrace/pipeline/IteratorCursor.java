package dev.millrace.pipeline;

import java.util.Iterator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A cursor over an iterator. An engine may call the iterator itself. Not thread-safe: one thread at
 * a time uses it.
 *
 * <p>This cursor has no {@code close}. A cursor with a {@code close} is a resource, and each of its
 * elements is wrapped to keep that resource open. So {@link #of} gives an iterator that is {@link
 * AutoCloseable} another cursor.
 *
 * @param iterator gives the elements; is not closed
 */
public record IteratorCursor<T>(Iterator<? extends T> iterator) implements Source.Cursor<T> {

  /** A cursor over an iterator, which is closed with it if it is {@link AutoCloseable}. */
  public static <T> Source.Cursor<T> of(Iterator<? extends T> iterator) {
    var cursor = new IteratorCursor<T>(iterator);
    if (!(iterator instanceof AutoCloseable closeable)) {
      return cursor;
    }
    return new Source.Cursor<>() {
      @Override
      public @Nullable T next() {
        return cursor.next();
      }

      @Override
      public void close() throws Exception {
        closeable.close();
      }
    };
  }

  @Override
  public @Nullable T next() {
    return iterator.hasNext() ? present(iterator.next()) : null;
  }

  /**
   * Checks that the iterator has given an element.
   *
   * @throws NullPointerException if it did not
   */
  public static <T> T present(@Nullable T element) {
    return Objects.requireNonNull(element, "a source gave a null element");
  }
}
