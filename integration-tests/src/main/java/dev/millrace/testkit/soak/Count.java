package dev.millrace.testkit.soak;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Source;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A source of the numbers below a bound. It knows whether its cursors were closed. */
final class Count implements Source<Long> {

  private final long bound;
  private final Subject.Hook hook;
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();

  /**
   * @param hook called before each number
   */
  Count(long bound, Subject.Hook hook) {
    this.bound = bound;
    this.hook = hook;
  }

  @Override
  public Cursor<Long> open(Context context) {
    opened.incrementAndGet();
    return new Cursor<>() {
      private long next;

      @Override
      public @Nullable Long next() throws InterruptedException {
        if (next == bound) {
          return null;
        }
        hook.call();
        return next++;
      }

      @Override
      public void close() {
        closed.incrementAndGet();
      }
    };
  }

  void checkClosed() {
    if (opened.get() > 1 || opened.get() != closed.get()) {
      throw new AssertionError(
          "the source was opened %d times, and closed %d times"
              .formatted(opened.get(), closed.get()));
    }
  }
}
