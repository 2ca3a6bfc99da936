package dev.millrace.pipeline.graph;

import dev.millrace.pipeline.Source;
import java.util.Iterator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A cursor over an iterator. An engine may call the iterator itself. Not thread-safe: one thread at
 * a time uses it.
 *
 * @param iterator closed with the cursor, if it is {@link AutoCloseable}
 */
public record IteratorCursor<T>(Iterator<? extends T> iterator) implements Source.Cursor<T> {

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

  @Override
  public void close() throws Exception {
    if (iterator instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }
}
