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
 * Boxes of elements that refuse work once their box is closed, as the entries of an archive do.
 * Watches how many boxes are open, and that each is closed once.
 */
final class Shelf {

  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger mostOpen = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final Queue<Box> boxes = new ConcurrentLinkedQueue<>();

  /** Something that elements depend on. */
  final class Box implements AutoCloseable {
    private final AtomicInteger closed = new AtomicInteger();

    private Box() {
      mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
      boxes.add(this);
    }

    /** Works on an element; the box must be open, and stay open meanwhile. */
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
    /** Its number, if the box is open. */
    int use() {
      box.use();
      return number;
    }

    /** As {@link #use}; takes some time, and gives whoever closes the box too early its chance. */
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

  /** A source, whose cursor is a box with that many items. */
  Source<Item> source(int items) {
    return source(items, number -> {});
  }

  /** What happens before an item is given, and before the end. */
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

  /** How many boxes were open at the same time, at most. */
  int mostOpen() {
    return mostOpen.get();
  }

  /** How many boxes are open now. */
  int stillOpen() {
    return open.get();
  }

  /** How many boxes there were. */
  int opened() {
    return boxes.size();
  }

  /** Fails unless no element met a closed box, and each box was closed exactly once. */
  void check() {
    assertThat(refused).as("elements that met a closed box").hasValue(0);
    assertThat(boxes).as("how often each box was closed").allMatch(box -> box.closed.get() == 1);
  }

  /** A source that fails behind its items. */
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
