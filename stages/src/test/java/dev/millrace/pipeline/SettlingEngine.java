package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Runs each pipeline as if all its sources were settling sources, and checks that they are notified
 * exactly once for each element.
 */
public final class SettlingEngine implements Engine {

  private final Engine engine;

  /** Over another engine. */
  public SettlingEngine(Engine engine) {
    this.engine = engine;
  }

  @Override
  public String name() {
    return engine.name();
  }

  @Override
  public <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
    if (Lift.settles(pipeline.node())) {
      return engine.start(
          pipeline, context, onFailure); // a test called Engine.start, not Pipeline.start
    }
    var audit = new Audit();
    var unsettled = new Unsettled();
    return new Audited<>(
        LiftedRun.start(
            pipeline,
            true,
            engine,
            context,
            onFailure,
            unsettled,
            (same, resources) ->
                new Lift(same, resources) {
                  @Override
                  <T> SettlingSource<T> settling(Source<T> source) {
                    return new SettlingSource<>(audit.watch(source), audit);
                  }
                }),
        audit);
  }

  /** Elements may be equal, or even the same object: only their number counts. */
  private static final class Audit implements Settlement<Object> {
    private final AtomicInteger given = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();

    <T> Source<T> watch(Source<T> source) {
      return context -> {
        Source.Cursor<T> cursor = source.open(context);
        return new Source.Cursor<>() {
          @Override
          public @Nullable T next() throws Exception {
            T next = cursor.next();
            if (next != null) {
              given.incrementAndGet();
            }
            return next;
          }

          @Override
          public void close() throws Exception {
            cursor.close();
          }
        };
      };
    }

    @Override
    public void settled(Object element) {
      ended.incrementAndGet();
    }

    @Override
    public void abandoned(Object element) {
      ended.incrementAndGet();
    }

    void check() {
      assertThat(ended.get()).as("elements that have ended, of those given").isEqualTo(given.get());
    }
  }

  private record Audited<R extends @Nullable Object>(Run<R> run, Audit audit) implements Run<R> {
    @Override
    public R join() throws InterruptedException, ExecutionException {
      R result;
      try {
        result = run.join();
      } catch (ExecutionException | RuntimeException e) {
        checkIfDone();
        throw e;
      }
      audit.check();
      return result;
    }

    @Override
    public boolean isDone() {
      return run.isDone();
    }

    @Override
    public void cancel(Throwable cause) {
      run.cancel(cause);
    }

    @Override
    public void drain(Duration timeout) {
      run.drain(timeout);
    }

    @Override
    public RunReport report() {
      return run.report();
    }

    @Override
    public String explain() {
      return run.explain();
    }

    @Override
    public void close() {
      run.close();
      checkIfDone();
    }

    /** From inside of the run, neither a join nor a close waits for its end. */
    private void checkIfDone() {
      if (run.isDone()) {
        audit.check();
      }
    }
  }
}
