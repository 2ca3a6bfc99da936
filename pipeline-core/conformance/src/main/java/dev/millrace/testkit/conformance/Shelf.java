package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Source;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Boxes of elements. Like the entries of an archive, an element cannot be used after its box is
 * closed. The shelf counts the open boxes, and checks that each box is closed exactly once.
 * Thread-safe.
 */
final class Shelf {

  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger mostOpen = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final Queue<Box> boxes = new ConcurrentLinkedQueue<>();

  /** A resource of elements. */
  final class Box implements AutoCloseable {
    private final AtomicInteger closed = new AtomicInteger();

    private Box() {
      mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
      boxes.add(this);
    }

    /** Uses an element; throws if the box is closed. */
    void use() {
      if (closed.get() > 0) {
        refused.incrementAndGet();
        throw new IllegalStateException("the box is closed");
      }
    }

    @Override
    public void close() {
      closed.incrementAndGet();
      open.decrementAndGet();
    }
  }

  /** An element of a box. */
  record Item(Box box, int number) {
    /** Uses the element; returns its number. */
    int use() {
      box.use();
      return number;
    }

    /** Like {@link #use}, but slowly, so that a thread that closes the box too early is found. */
    int useSlowly() throws InterruptedException {
      try {
        for (int i = 0; i < 5; i++) {
          box.use();
          Thread.sleep(1);
        }
      } finally {
        box.use();
      }
      return number;
    }
  }

  Box open() {
    return new Box();
  }

  /** A source whose cursor is a box with this number of items. */
  Source<Item> source(int items) {
    return source(items, number -> {});
  }

  /** An action before each item, and before the end. */
  interface Before {
    void run(int number) throws Exception;
  }

  Source<Item> source(int items, Before before) {
    return context -> {
      Box box = open();
      return new Source.Cursor<>() {
        private int next;

        @Override
        public @Nullable Item next() throws Exception {
          before.run(next);
          return next == items ? null : new Item(box, next++);
        }

        @Override
        public void close() {
          box.close();
        }
      };
    };
  }

  private static List<Item> items(Box box, int items) {
    List<Item> all = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      all.add(new Item(box, i));
    }
    return all;
  }

  /** An iterable that is a box. */
  Iterable<Item> iterable(int items) {
    Box box = open();
    class CloseableIterable implements Iterable<Item>, AutoCloseable {
      @Override
      public Iterator<Item> iterator() {
        return items(box, items).iterator();
      }

      @Override
      public void close() {
        box.close();
      }
    }
    return new CloseableIterable();
  }

  /** An iterable whose iterator is a box. */
  Iterable<Item> iterator(int items) {
    return () -> {
      Box box = open();
      Iterator<Item> all = items(box, items).iterator();
      class CloseableIterator implements Iterator<Item>, AutoCloseable {
        @Override
        public boolean hasNext() {
          return all.hasNext();
        }

        @Override
        public Item next() {
          return all.next();
        }

        @Override
        public void close() {
          box.close();
        }
      }
      return new CloseableIterator();
    };
  }

  /** A stream that closes a box. */
  Stream<Item> stream(int items) {
    Box box = open();
    return StreamSupport.stream(items(box, items).spliterator(), false).onClose(box::close);
  }

  /** The maximum number of boxes that were open at the same time. */
  int mostOpen() {
    return mostOpen.get();
  }

  /** The number of boxes that are open now. */
  int stillOpen() {
    return open.get();
  }

  /** The number of boxes that were opened. */
  int opened() {
    return boxes.size();
  }

  /**
   * Fails if an element was used after its box was closed, or if a box was not closed exactly once.
   */
  void check() {
    assertThat(refused).as("elements used after their box was closed").hasValue(0);
    assertThat(boxes)
        .as("the number of times that each box was closed")
        .allMatch(box -> box.closed.get() == 1);
  }

  /** A source that fails after its items. */
  Source<Item> sourceThatFails(int items, Exception failure) {
    return source(
        items + 1,
        number -> {
          if (number == items) {
            throw failure;
          }
        });
  }
}
