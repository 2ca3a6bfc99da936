package dev.millrace.stages.reactor;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.stages.internal.run.SinkRun;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Pipelines wired by hand over {@link Flux}: a producer, steps with a separate error channel,
 * merges, and a sink; with the names and the results of {@link dev.millrace.stages.channel.Stages}.
 *
 * <pre>{@code
 * try (var group = TaskGroup.open(context)) {
 *   var lines = Stages.producer(group, source);
 *   var orders = Stages.step(group, "parse", lines, 4, Order::parse);
 *   Stages.sink(group, orders.values(), orders.errors(), store::save, log::warn);
 * }
 * }</pre>
 *
 * <p>User functions run in virtual threads of the task group, never on Reactor's threads, so they
 * may block. When the group's context is cancelled, every flux ends with a {@link
 * CancellationException}, and the functions that run are interrupted; closing the group waits for
 * them. The group must not have a limit. One element is prefetched for each function that may run.
 */
public final class Stages {

  /** Reactor's key, in its own context, for the hook of one flux. */
  private static final String ON_ERROR_DROPPED = "reactor.onErrorDropped.local";

  private Stages() {}

  private sealed interface Result<I, O> {
    record Value<I, O>(O value) implements Result<I, O> {}

    record Failed<I, O>(Failure<I> failure) implements Result<I, O> {}
  }

  private sealed interface Event<T> {
    record Value<T>(T value) implements Event<T> {}

    record Failed<T>(Failure<?> failure) implements Event<T> {}
  }

  /**
   * Emits the items, one after the other.
   *
   * @param items iterated in a thread of the group; if the iterator throws, the run fails with the
   *     cause
   */
  public static <T> Flux<T> producer(TaskGroup group, Iterable<? extends T> items) {
    Objects.requireNonNull(items, "items");
    return Flux.<T>fromIterable(items)
        .subscribeOn(threads(group))
        .takeUntilOther(cancelled(group.context()));
  }

  /**
   * Maps the elements, each in a virtual thread of its own, {@code parallelism} at the most at the
   * same time.
   *
   * <p>If the function throws an exception, the element leaves by the errors; an {@link Error}
   * fails the run. An element that is under way when the run is cancelled is not delivered.
   *
   * @param name the name of this stage in failures
   * @param parallelism at least 1
   */
  public static <I, O> Step<I, O> step(
      TaskGroup group,
      String name,
      Publisher<? extends I> in,
      int parallelism,
      StageFunction<? super I, ? extends O> function) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(function, "function");
    if (parallelism < 1) {
      throw new IllegalArgumentException("parallelism must be at least 1, but is " + parallelism);
    }
    Flux<Result<I, O>> results =
        Flux.<I>from(in)
            .flatMap(element -> Stages.<I, O>call(group, name, element, function), parallelism, 1)
            .takeUntilOther(cancelled(group.context()))
            .publish(1)
            .refCount(2);
    return new Step<>(
        results.handle(
            (result, sink) -> {
              if (result instanceof Result.Value<I, O>(O value)) {
                sink.next(value);
              }
            }),
        results.handle(
            (result, sink) -> {
              if (result instanceof Result.Failed<I, O>(Failure<I> failure)) {
                sink.next(failure);
              }
            }));
  }

  /**
   * Calls the function in a thread of the group, which is interrupted when the subscriber cancels.
   */
  private static <I, O> Mono<Result<I, O>> call(
      TaskGroup group, String name, I element, StageFunction<? super I, ? extends O> function) {
    return Mono.create(
        sink ->
            fork(
                group,
                () -> {
                  Thread thread = Thread.currentThread();
                  sink.onCancel(thread::interrupt);
                  apply(group, name, element, function, sink);
                }));
  }

  private static <I, O> void apply(
      TaskGroup group,
      String name,
      I element,
      StageFunction<? super I, ? extends O> function,
      MonoSink<Result<I, O>> sink) {
    Result<I, O> result;
    try {
      O value = function.apply(element);
      Objects.requireNonNull(value, () -> "stage '" + name + "' returned null for " + element);
      result = new Result.Value<>(value);
    } catch (Error e) {
      group.cancel(e);
      throw e;
    } catch (Exception e) {
      if (group.context().isCancelled()) { // then it is not the element's failure
        return;
      }
      result = new Result.Failed<>(Failure.of(name, element, e));
    }
    sink.success(result);
  }

  /** Emits the elements of all inputs, in no particular order, and completes after the last one. */
  public static <T> Flux<T> merge(TaskGroup group, List<? extends Publisher<? extends T>> inputs) {
    return Flux.<T>merge(Flux.fromIterable(inputs), Math.max(1, inputs.size()), 1)
        .takeUntilOther(cancelled(group.context()));
  }

  /**
   * Like {@link #sink(TaskGroup, Publisher, Publisher, StageConsumer, StageConsumer)}, and the
   * first failure stops the run.
   */
  public static <T> void sink(
      TaskGroup group,
      Publisher<? extends T> values,
      Publisher<? extends Failure<?>> errors,
      StageConsumer<? super T> onValue)
      throws InterruptedException, ExecutionException {
    sink(group, values, errors, onValue, SinkRun::stop);
  }

  /**
   * Takes all values and all failures in the calling thread, which it blocks; returns when both
   * have completed.
   *
   * @param onFailure throws to stop the run
   * @throws ExecutionException if a consumer threw, a stage failed, or a failure stopped the run;
   *     the run is then cancelled, with the same cause
   * @throws CancellationException if the group's context is cancelled, with the cause
   * @throws InterruptedException if the thread is interrupted; the run is then cancelled
   * @throws IllegalStateException on one of Reactor's threads that must not block
   */
  public static <T> void sink(
      TaskGroup group,
      Publisher<? extends T> values,
      Publisher<? extends Failure<?>> errors,
      StageConsumer<? super T> onValue,
      StageConsumer<? super Failure<?>> onFailure)
      throws InterruptedException, ExecutionException {
    Objects.requireNonNull(onValue, "onValue");
    Objects.requireNonNull(onFailure, "onFailure");
    Flux<Event<T>> events =
        Flux.merge(
                1,
                Flux.<T>from(values).<Event<T>>map(Event.Value::new),
                Flux.<Failure<?>>from(errors).<Event<T>>map(Event.Failed::new))
            .takeUntilOther(cancelled(group.context()))
            .contextWrite(context -> context.put(ON_ERROR_DROPPED, dropped(group)));
    SinkRun.run(group, () -> take(group.context(), events, onValue, onFailure));
  }

  /**
   * Replaces Reactor's handling of an error that comes when its flux has ended, which is to log it.
   * When a run is cancelled every stage ends with the same cause, and only the first can be
   * delivered.
   */
  private static Consumer<Throwable> dropped(TaskGroup group) {
    return group::cancel;
  }

  private static <T> void take(
      Context context,
      Flux<Event<T>> events,
      StageConsumer<? super T> onValue,
      StageConsumer<? super Failure<?>> onFailure)
      throws Exception {
    Iterator<Event<T>> iterator = events.toIterable(1).iterator();
    while (hasNext(iterator)) {
      context.throwIfCancelled();
      switch (iterator.next()) {
        case Event.Value<T>(T value) -> onValue.accept(value);
        case Event.Failed<T>(Failure<?> failure) -> SinkRun.handle(onFailure, failure);
      }
    }
  }

  /**
   * The iterator throws the exception that ended the flux. A checked exception comes in a wrapper
   * of Reactor's. If several inputs fail before the first failure is delivered, another wrapper has
   * all of them. Nothing is added to these exceptions: the others are notes beside the first.
   */
  private static boolean hasNext(Iterator<?> iterator) throws Exception {
    try {
      return iterator.hasNext();
    } catch (RuntimeException e) {
      List<Throwable> causes = Exceptions.unwrapMultiple(Exceptions.unwrap(e));
      if (causes.isEmpty() || !(causes.getFirst() instanceof Exception first)) {
        throw e;
      }
      if (causes.size() == 1) {
        throw first;
      }
      var exception = new ExecutionException("several inputs failed, this is the first", first);
      causes.stream().skip(1).filter(other -> other != first).forEach(exception::addSuppressed);
      throw exception;
    }
  }

  private static Scheduler threads(TaskGroup group) {
    return Schedulers.fromExecutor(runnable -> fork(group, runnable));
  }

  private static void fork(TaskGroup group, Runnable runnable) {
    Task<?> task;
    try {
      task = group.tryFork(Executors.callable(runnable));
    } catch (IllegalStateException e) {
      return; // the group is closed: every flux of it ends as cancelled
    }
    if (task == null) {
      throw new IllegalStateException(
          "the limit of the task group leaves no thread for a stage: use a group without limit");
    }
  }

  /** Fails when the context is cancelled; never completes. */
  private static Mono<Object> cancelled(Context context) {
    return Mono.create(
        sink -> {
          var registration = context.afterFunc(() -> fail(context, sink));
          sink.onDispose(registration::stop);
        });
  }

  private static void fail(Context context, MonoSink<Object> sink) {
    try {
      context.throwIfCancelled();
    } catch (CancellationException e) {
      sink.error(e);
    }
  }
}
