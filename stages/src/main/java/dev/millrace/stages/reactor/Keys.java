package dev.millrace.stages.reactor;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks, those of one key one after the other and in order, and of different keys some at the
 * same time.
 *
 * <p>A key that has tasks is either run by a thread or ready to be. A thread runs one task of a
 * key, lets it queue up behind the others that are ready, and takes the first of them: no key keeps
 * another waiting. A key without tasks is forgotten, so there may be any number of them.
 *
 * <p>Reactor's {@code groupBy} would need a subscriber for each key that it has ever seen, and
 * hangs when there are more than its flatMap takes.
 *
 * <p>Safe for use by many threads; nothing blocks but the tasks.
 */
final class Keys {

  private record Line(Key key, ArrayDeque<Runnable> tasks) {}

  private final Executor threads;
  private final int parallelism;
  private final Map<Key, Line> lines = new HashMap<>();
  private final ArrayDeque<Line> ready = new ArrayDeque<>();
  private int running;

  Keys(Executor threads, int parallelism) {
    this.threads = threads;
    this.parallelism = parallelism;
  }

  /** Runs the task after those of the same key. */
  void submit(Key key, Runnable task) {
    synchronized (this) {
      Line known = lines.get(key);
      if (known != null) {
        known.tasks.add(task);
        return;
      }
      var line = new Line(key, new ArrayDeque<>());
      line.tasks.add(task);
      lines.put(key, line);
      ready.add(line);
      if (running == parallelism) {
        return;
      }
      running++;
    }
    threads.execute(this::run);
  }

  private void run() {
    for (Line line = next(null); line != null; line = next(line)) {
      task(line).run();
    }
  }

  private synchronized Runnable task(Line line) {
    return line.tasks.remove();
  }

  private synchronized @Nullable Line next(@Nullable Line last) {
    if (last != null) {
      if (last.tasks.isEmpty()) {
        lines.remove(last.key);
      } else {
        ready.add(last);
      }
    }
    Line next = ready.poll();
    if (next == null) {
      running--;
    }
    return next;
  }
}
