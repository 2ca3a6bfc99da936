package dev.millrace.pipeline;

import dev.millrace.context.Context;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A cursor that goes on with the cursor of another source when its source has failed, or has ended.
 * Not thread-safe.
 */
abstract class Restarting<T> implements Source.Cursor<T> {

  private final Context context;
  private final boolean closesAtOnce;
  private final Deque<Source.Cursor<T>> open = new ArrayDeque<>();
  private Source<T> source;
  private Source.@Nullable Cursor<T> cursor;
  private int failuresInARow;

  /**
   * Opens nothing: the first call of {@link #next} does.
   *
   * @param closesAtOnce whether a failed cursor is closed at once, because its elements do not need
   *     it
   */
  Restarting(Source<T> source, Context context, boolean closesAtOnce) {
    this.source = source;
    this.context = context;
    this.closesAtOnce = closesAtOnce;
  }

  /** The source to go on with; null to pass the failure on. May block. */
  abstract @Nullable Source<T> after(Exception failure) throws InterruptedException;

  /** Whether the source is opened again, because it has ended. Default: no. */
  boolean goesOn() {
    return false;
  }

  /** The number of failures since the last element, from 1. */
  final int failuresInARow() {
    return failuresInARow;
  }

  static RandomGenerator random() {
    return ThreadLocalRandom.current();
  }

  @Override
  public final @Nullable T next() throws Exception {
    while (true) {
      try {
        T element = opened().next();
        failuresInARow = 0;
        if (element != null || !goesOn()) {
          return element;
        }
        leave();
        checkInterrupt();
      } catch (Exception e) {
        if (answersAnInterrupt(e)) {
          throw e;
        }
        failuresInARow++;
        Source<T> following = after(e);
        if (following == null) {
          throw e;
        }
        source = following;
        leave();
      }
    }
  }

  /** A source without elements must not keep a run from its end. */
  private static void checkInterrupt() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  private Source.Cursor<T> opened() throws Exception {
    Source.Cursor<T> current = cursor;
    if (current == null) {
      current = Objects.requireNonNull(source.open(context), "the source opened null");
      open.addFirst(current);
      cursor = current;
    }
    return current;
  }

  private void leave() throws Exception {
    Source.Cursor<T> failed = cursor;
    cursor = null;
    if (closesAtOnce && failed != null) {
      open.removeFirst();
      failed.close();
    }
  }

  /**
   * A run that is cancelled or drained interrupts its sources. Another failure at that moment is
   * treated as any failure: the wait before the restart then throws an InterruptedException.
   */
  private boolean answersAnInterrupt(Exception e) {
    return e instanceof InterruptedException
        || e instanceof CancellationException
        || e instanceof InterruptedIOException
        || e instanceof ClosedByInterruptException
        || context.isCancelled();
  }

  @Override
  public final void close() throws Exception {
    Sources.closeAll(open);
  }
}
