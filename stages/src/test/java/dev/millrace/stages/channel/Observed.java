package dev.millrace.stages.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs pipelines on the channel engine, and checks the promises of every run after its end. */
final class Observed {

  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final ChannelEngine engine;
  private final boolean isWithGrace;

  Observed() {
    this.engine = new ChannelEngine();
    this.isWithGrace = false;
  }

  /** With an engine whose grace a test uses up. */
  Observed(ChannelEngine engine) {
    this.engine = engine;
    this.isWithGrace = true;
  }

  /** The function; its threads are remembered. */
  <I, O> StageFunction<I, O> seen(StageFunction<I, O> function) {
    return element -> {
      threads.add(Thread.currentThread());
      return function.apply(element);
    };
  }

  /** Remembers the calling thread. */
  void see() {
    threads.add(Thread.currentThread());
  }

  int threads() {
    return threads.size();
  }

  <R extends @Nullable Object> Run<R> start(Pipeline<R> pipeline) {
    return pipeline.start(engine, Context.background());
  }

  <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline, StageConsumer<? super Failure<?>> onFailure) {
    return pipeline.start(engine, Context.background(), onFailure);
  }

  /** The result of a run from its start to its end. */
  <R extends @Nullable Object> R run(Pipeline<R> pipeline) throws Exception {
    return join(start(pipeline));
  }

  /** The result. Fails if the run does not end, or leaves a thread. */
  <R extends @Nullable Object> R join(Run<R> run) throws Exception {
    var joined = new FutureTask<>(run::join);
    Thread.ofPlatform().daemon().start(joined);
    try {
      return joined.get(50, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Exception cause -> throw cause;
        case null, default -> throw e;
      }
    } catch (java.util.concurrent.TimeoutException e) {
      throw new AssertionError("the run does not end:\n" + run.explain(), e);
    } finally {
      left(run);
    }
  }

  /** Fails if a run that has ended has left a thread. */
  void left(Run<?> run) {
    assertThat(run.isDone()).isTrue();
    assertThat(run.report().done()).isTrue();
    assertThat(run.report().balances()).as(run.report()::toString).isTrue();
    assertThat(threads).noneMatch(Thread::isAlive);
  }

  /** Waits for the end of a run that is cancelled soon, and returns the exception of its join. */
  Throwable failure(Run<?> run) throws InterruptedException {
    try {
      Object result = join(run);
      throw new AssertionError("the run has a result: " + result);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      if (!isWithGrace) { // a run that waits for its grace says for which stage
        assertThat(e.getSuppressed())
            .extracting(Throwable::getMessage)
            .noneMatch(told -> told != null && told.contains("ignores that it is interrupted"));
      }
      return e;
    }
  }
}
