package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Transform;
import java.util.function.Supplier;

/**
 * Pauses and resumes the elements at one place of a pipeline, from outside.
 *
 * <pre>{@code
 * Valve valve = new Valve();
 * Run<Long> run = Pipe.from(source).via("valve", valve.stage()).map(…).to(sink).start(engine, context);
 * valve.pause();
 * valve.resume();
 * }</pre>
 *
 * <p>While the valve is paused, its stage passes no element, and the stages above wait as they wait
 * for any slow stage. An element that is in a stage below goes on. To pause a whole run, put the
 * valve behind the source. All stages of a valve, in all runs, pause together.
 *
 * <p>A run that is cancelled ends although it is paused. A run that is drained does not: resume it,
 * or it is cancelled at its deadline.
 *
 * <p>Thread-safe; no method blocks. A passing element costs a volatile read.
 */
public final class Valve {

  private volatile boolean isPaused;
  private final Object lock = new Object();

  /** Creates an open valve. */
  public Valve() {}

  /** Lets no more elements pass. Idempotent. */
  public void pause() {
    isPaused = true;
  }

  /** Lets the elements pass again. Idempotent. */
  public void resume() {
    synchronized (lock) {
      isPaused = false;
      lock.notifyAll();
    }
  }

  /** Whether elements wait. */
  public boolean isPaused() {
    return isPaused;
  }

  /** A stage for {@link Pipe#via}, which passes all elements, in their order. */
  public <T> Supplier<Transform<T, T>> stage() {
    return (Transforms.Passing<T>)
        () ->
            (Transform.Stateless<T, T>)
                (element, out) -> {
                  if (isPaused) {
                    awaitResume();
                  }
                  out.emit(element);
                  return Transform.Outcome.USED;
                };
  }

  private void awaitResume() throws InterruptedException {
    synchronized (lock) {
      while (isPaused) {
        lock.wait();
      }
    }
  }
}
