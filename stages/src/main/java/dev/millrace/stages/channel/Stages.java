package dev.millrace.stages.channel;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.stages.internal.run.SinkRun;
import dev.millrace.sync.Semaphore;
import dev.millrace.sync.Task;
import dev.millrace.sync.TaskGroup;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Pipelines wired by hand over channels: a producer, steps with a separate error channel, merges,
 * and a sink.
 *
 * <pre>{@code
 * try (var group = TaskGroup.open(context)) {
 *   var lines = Stages.producer(group, source);
 *   var orders = Stages.step(group, "parse", lines, 4, Order::parse);
 *   Stages.sink(group, orders.values(), orders.errors(), store::save, log::warn);
 * }
 * }</pre>
 *
 * <p>All but {@link #sink} return at once. The threads belong to the task group: they are cancelled
 * with its context, and closing it waits for them. The group must not have a limit. Channels hold
 * one element at the most; a stage makes the channels that it sends to, and closes them when it
 * ends: with the cause, if it ended too early.
 *
 * <p>After "Applying Modern Go Concurrency Patterns to Data Pipelines" (AMBOSS, 2021).
 */
public final class Stages {

  private Stages() {}

  /** The work of a stage's thread. */
  private interface Body {
    void run() throws Exception;
  }

  /**
   * Sends the items, one after the other. An iterator that is {@link AutoCloseable} is closed, also
   * if the group ends early.
   *
   * @param items iterated in a thread of the group; if that throws, the run fails with the cause
   */
  public static <T> ReceiveChannel<T> producer(TaskGroup group, Iterable<? extends T> items) {
    Objects.requireNonNull(items, "items");
    Channel<T> out = Channel.buffered(1);
    fork(
        group,
        List.of(out),
        () -> {
          Iterator<? extends T> iterator = items.iterator();
          try {
            while (iterator.hasNext()) {
              out.send(iterator.next(), group.context());
            }
          } finally {
            if (iterator instanceof AutoCloseable closeable) {
              closeable.close();
            }
          }
        });
    return out;
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
      ReceiveChannel<? extends I> in,
      int parallelism,
      StageFunction<? super I, ? extends O> function) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(function, "function");
    var permits = new Semaphore(parallelism);
    Channel<O> values = Channel.buffered(1);
    Channel<Failure<I>> errors = Channel.buffered(1);
    fork(
        group,
        List.of(values, errors),
        () -> {
          try (var elements = TaskGroup.open(group.context())) {
            Context context = elements.context();
            try {
              for (I element; (element = in.receiveOrNull(context)) != null; ) {
                I taken = element;
                permits.acquire(context);
                elements.fork(
                    () -> {
                      try {
                        apply(context, name, taken, function, values, errors);
                      } finally {
                        permits.release();
                      }
                      return null;
                    });
              }
            } catch (CancellationException e) {
              join(elements); // an element's task may be why
              throw e;
            }
            join(elements);
          }
        });
    return new Step<>(values, errors);
  }

  private static <I, O> void apply(
      Context context,
      String name,
      I element,
      StageFunction<? super I, ? extends O> function,
      Channel<O> values,
      Channel<Failure<I>> errors)
      throws InterruptedException {
    O value;
    try {
      value = function.apply(element);
      Objects.requireNonNull(value, () -> "stage '" + name + "' returned null for " + element);
    } catch (Exception e) {
      context.throwIfCancelled(); // then it is not the element's failure
      errors.send(Failure.of(name, element, e), context);
      return;
    }
    values.send(value, context);
  }

  /**
   * Sends the elements of all inputs, in no particular order, and closes after the last one has.
   */
  public static <T> ReceiveChannel<T> merge(
      TaskGroup group, List<? extends ReceiveChannel<? extends T>> inputs) {
    var copy = List.copyOf(inputs);
    Channel<T> out = Channel.buffered(1);
    fork(
        group,
        List.of(out),
        () -> {
          try (var forwarders = TaskGroup.open(group.context())) {
            for (ReceiveChannel<? extends T> input : copy) {
              forwarders.fork(
                  () -> {
                    for (T element;
                        (element = input.receiveOrNull(forwarders.context())) != null; ) {
                      out.send(element, forwarders.context());
                    }
                    return null;
                  });
            }
            join(forwarders);
          }
        });
    return out;
  }

  /**
   * Like {@link #sink(TaskGroup, ReceiveChannel, ReceiveChannel, StageConsumer, StageConsumer)},
   * and the first failure stops the run.
   */
  public static <T> void sink(
      TaskGroup group,
      ReceiveChannel<? extends T> values,
      ReceiveChannel<? extends Failure<?>> errors,
      StageConsumer<? super T> onValue)
      throws InterruptedException, ExecutionException {
    sink(group, values, errors, onValue, SinkRun::stop);
  }

  /**
   * Takes all values and all failures in the calling thread; returns when both channels are closed
   * and drained.
   *
   * @param onFailure throws to stop the run
   * @throws ExecutionException if a consumer threw, a stage failed, or a failure stopped the run;
   *     the run is then cancelled, with the same cause
   * @throws CancellationException if the group's context is cancelled, with the cause
   * @throws InterruptedException if the thread is interrupted; the run is then cancelled
   */
  public static <T> void sink(
      TaskGroup group,
      ReceiveChannel<? extends T> values,
      ReceiveChannel<? extends Failure<?>> errors,
      StageConsumer<? super T> onValue,
      StageConsumer<? super Failure<?>> onFailure)
      throws InterruptedException, ExecutionException {
    Objects.requireNonNull(onValue, "onValue");
    Objects.requireNonNull(onFailure, "onFailure");
    var sink = new Sink<T>(group.context(), values, errors);
    SinkRun.run(group, () -> sink.run(onValue, onFailure));
  }

  /** Runs a stage in the group, and closes its channels when it ends, or if it does not begin. */
  private static void fork(TaskGroup group, List<? extends Channel<?>> outputs, Body body) {
    Task<?> task = group.tryFork(() -> run(group, outputs, body));
    if (task == null) {
      throw new IllegalStateException(
          "the limit of the task group leaves no thread for this stage: use a group without limit");
    }
    if (task.state() == Task.State.CANCELLED) {
      Throwable cause = Objects.requireNonNull(group.context().cause());
      outputs.forEach(output -> output.close(cause));
    }
  }

  private static @Nullable Void run(TaskGroup group, List<? extends Channel<?>> outputs, Body body)
      throws Exception {
    try {
      body.run();
      outputs.forEach(Channel::close);
    } catch (ChannelClosedException e) { // the stage before this one failed, and reports it
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      outputs.forEach(output -> output.close(cause));
    } catch (Throwable e) {
      group.cancel(e);
      outputs.forEach(output -> output.close(e));
      throw e;
    }
    return null;
  }

  /** Joins the tasks of a stage; throws the exception of a task unchanged. */
  private static void join(TaskGroup tasks) throws Exception {
    try {
      tasks.join();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof Error error) {
        throw error;
      }
      throw cause instanceof Exception exception ? exception : e;
    }
  }
}
