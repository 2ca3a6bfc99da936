package dev.millrace.pipeline;

import dev.millrace.context.Context;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Opens several sources, and goes on with the one that gives an element first. Not thread-safe, but
 * its runners are threads of their own until the race is decided.
 */
final class Race<T> implements Source.Cursor<T> {

  private final Context context;
  private final List<Source<? extends T>> sources;

  /** The opened cursors, the last one first. Guarded by this. */
  private final Deque<Source.Cursor<? extends T>> opened = new ArrayDeque<>();

  private final List<Throwable> failures = new ArrayList<>(); // guarded by this
  private int running; // guarded by this
  private @Nullable T first; // guarded by this
  private Source.@Nullable Cursor<? extends T> winner; // guarded by this
  private boolean isDecided;

  Race(List<Source<? extends T>> sources, Context context) {
    this.sources = sources;
    this.context = context;
  }

  @Override
  public @Nullable T next() throws Exception {
    if (!isDecided) {
      isDecided = true;
      decide();
      T element = first;
      if (element == null && !failures.isEmpty()) {
        throw new RaceFailedException(failures);
      }
      return element;
    }
    Source.Cursor<? extends T> cursor = winner;
    return cursor == null ? null : cursor.next();
  }

  private void decide() throws InterruptedException {
    List<Thread> runners = new ArrayList<>();
    running = sources.size();
    try {
      for (Source<? extends T> source : sources) {
        runners.add(Thread.ofVirtual().name("millrace-race").start(() -> run(source)));
      }
      synchronized (this) {
        while (winner == null && running > 0) {
          wait();
        }
      }
    } finally {
      runners.forEach(Thread::interrupt);
      joinAll(runners);
    }
  }

  private void run(Source<? extends T> source) {
    Throwable failure = null;
    try {
      context.call(
          () -> {
            read(source);
            return true;
          });
    } catch (Throwable e) {
      failure = e;
    }
    synchronized (this) {
      running--;
      if (failure != null && winner == null) {
        failures.add(failure);
      }
      notifyAll();
    }
  }

  private void read(Source<? extends T> source) throws Exception {
    Source.Cursor<? extends T> cursor =
        Objects.requireNonNull(source.open(context), "the source opened null");
    synchronized (this) {
      opened.addFirst(cursor);
    }
    T element = cursor.next();
    synchronized (this) {
      if (element != null && winner == null) {
        first = element;
        winner = cursor;
        notifyAll();
      }
    }
  }

  /** Waits for all; an interrupt does not end the wait. The threads have been interrupted. */
  private static void joinAll(List<Thread> threads) {
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws Exception {
    Sources.closeAll(opened);
  }
}
