package dev.millrace.testkit.conformance;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A source of 0, 1, 2 and so on, which watches how it is used. */
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

  /** As this, but calls the consumer before it gives a number, or its end. */
  Numbers before(StageConsumer<Integer> consumer) {
    return new Numbers(n, consumer);
  }

  /** The behaviour of a function at a number. */
  interface Action {
    void run() throws Exception;
  }

  /** As this, but does that before it gives the number, or its end if that is in its place. */
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

  /** How many numbers it has given. */
  int given() {
    return given.get();
  }

  /** Fails unless each cursor was closed once, and used by one thread at a time before. */
  void checkReleased() {
    if (opened.get() != closed.get() || misuses.get() > 0) {
      throw new AssertionError(
          "opened %d times, closed %d times, misused %d times"
              .formatted(opened.get(), closed.get(), misuses.get()));
    }
  }
}
