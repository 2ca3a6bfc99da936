package dev.millrace.testkit.conformance;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A source of 0, 1, 2 and so on, which records how it is used. Thread-safe. */
final class Numbers implements Source<Integer> {

  private final int n;
  private final StageConsumer<Integer> before;
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private final AtomicInteger given = new AtomicInteger();
  private final AtomicInteger callers = new AtomicInteger();
  private final AtomicInteger misuses = new AtomicInteger();

  private Numbers(int n, StageConsumer<Integer> before) {
    this.n = n;
    this.before = before;
  }

  /** The numbers below {@code n}. */
  static Numbers below(int n) {
    return new Numbers(n, number -> {});
  }

  /** Numbers without an end. */
  static Numbers endless() {
    return below(Integer.MAX_VALUE);
  }

  /** The same source, but it calls the consumer before it gives each number, and before its end. */
  Numbers before(StageConsumer<Integer> consumer) {
    return new Numbers(n, consumer);
  }

  /** An action of the source at a number. */
  interface Action {
    void run() throws Exception;
  }

  /**
   * The same source, but it runs the action before it gives the number, or before its end if the
   * number is the first one that is missing.
   */
  Numbers at(int number, Action action) {
    return before(
        next -> {
          if (next == number) {
            action.run();
          }
        });
  }

  @Override
  public Cursor<Integer> open(Context context) {
    opened.incrementAndGet();
    return new Cursor<>() {
      private int next;
      private volatile boolean isClosed;

      @Override
      public @Nullable Integer next() throws Exception {
        if (callers.incrementAndGet() > 1 || isClosed) {
          misuses.incrementAndGet();
        }
        try {
          before.accept(next);
          if (next == n) {
            return null;
          }
          given.incrementAndGet();
          return next++;
        } finally {
          callers.decrementAndGet();
        }
      }

      @Override
      public void close() {
        if (callers.get() > 0) {
          misuses.incrementAndGet();
        }
        isClosed = true;
        closed.incrementAndGet();
      }
    };
  }

  /** The count of numbers that it has given. */
  int given() {
    return given.get();
  }

  /**
   * Fails unless each cursor was closed exactly once, and until then used by one thread at a time.
   */
  void checkReleased() {
    if (opened.get() != closed.get() || misuses.get() > 0) {
      throw new AssertionError(
          "opened %d times, closed %d times, misused %d times"
              .formatted(opened.get(), closed.get(), misuses.get()));
    }
  }
}
