package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.Iterator;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;

/**
 * Calls a function for each element and emits all elements of the iterable or stream that it
 * returns. Then it closes the iterable or stream. In a lifted pipeline, it closes it after the last
 * of its elements has left the run. In other pipelines, the elements leave the run in the call that
 * emits them, so it closes it at once.
 */
final class FlatMap<I, O> implements Supplier<Transform<I, O>>, SelfLifting {

  /**
   * The elements of one result, and the object to close after the iteration; null if there is none.
   */
  private record Inner<O>(Iterator<? extends O> iterator, @Nullable AutoCloseable closing) {}

  /** Calls the function with an element and starts to iterate its result. */
  @FunctionalInterface
  private interface Opening<I, O> {
    Inner<O> open(I element) throws Exception;
  }

  /** A close has failed. This stops the run, whatever the stage's failure policy is. */
  static final class CloseFailed extends Error {
    private static final long serialVersionUID = 1L;

    CloseFailed(Throwable cause) {
      super("could not close the result of a flatMap function: " + cause, cause);
    }
  }

  private final Opening<I, O> opening;

  private FlatMap(Opening<I, O> opening) {
    this.opening = opening;
  }

  /** For a function that returns iterables. */
  static <I, O> FlatMap<I, O> ofIterables(
      StageFunction<? super I, ? extends Iterable<? extends O>> function) {
    Objects.requireNonNull(function, "function");
    return new FlatMap<>(
        element -> {
          Iterable<? extends O> iterable = Transforms.result(function.apply(element));
          Iterator<? extends O> iterator;
          try {
            iterator = iterable.iterator();
          } catch (Throwable e) {
            throw closed(Resources.closeable(iterable), e);
          }
          return new Inner<O>(iterator, Resources.closeable(iterable, iterator));
        });
  }

  /** For a function that returns streams. */
  static <I, O> FlatMap<I, O> ofStreams(
      StageFunction<? super I, ? extends BaseStream<? extends O, ?>> function) {
    Objects.requireNonNull(function, "function");
    return new FlatMap<>(
        element -> {
          BaseStream<? extends O, ?> stream = Transforms.result(function.apply(element));
          try {
            return new Inner<O>(stream.iterator(), stream);
          } catch (Throwable e) {
            throw closed(stream, e);
          }
        });
  }

  /** For a function that returns pipes: each is run by the engine. */
  static <I, O> FlatMap<I, O> ofPipes(
      Engine engine, StageFunction<? super I, ? extends Pipe<O>> function) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(function, "function");
    return new FlatMap<>(
        element -> {
          var run =
              InnerRun.start(Transforms.result(function.apply(element)), engine, Context.current());
          return new Inner<O>(run, run);
        });
  }

  /** For a function that returns pipes: each is run until its element is over. */
  static <I, O> FlatMap<Expansion<I>, O> ofLatestPipes(
      Engine engine, StageFunction<? super I, ? extends Pipe<O>> function) {
    Objects.requireNonNull(engine, "engine");
    Objects.requireNonNull(function, "function");
    return new FlatMap<>(
        latest -> {
          var run =
              InnerRun.start(
                  Transforms.result(function.apply(latest.element())), engine, Context.current());
          latest.onEnd(run::cancel);
          return new Inner<O>(run, run);
        });
  }

  /** Closes a result whose iteration could not start; returns the exception of that iteration. */
  private static Exception closed(@Nullable AutoCloseable closing, Throwable why) {
    close(closing);
    if (why instanceof Error error) {
      throw error;
    }
    return (Exception) why;
  }

  /**
   * Closes without interrupts: the close must not see an interrupt that is meant for the user's
   * function. The interrupt flag is set again after the close.
   */
  private static void close(@Nullable AutoCloseable closing) {
    if (closing == null) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      closing.close();
    } catch (Throwable e) {
      throw new CloseFailed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public Transform<I, O> get() {
    return (Transform.Stateless<I, O>)
        (element, out) -> {
          Inner<O> inner = opening.open(element);
          try {
            while (inner.iterator().hasNext()) {
              out.emit(Transforms.result(inner.iterator().next()));
            }
          } finally {
            close(inner.closing());
          }
          return Transform.Outcome.USED;
        };
  }

  @Override
  public Supplier<Transform<Object, Object>> lifted(int claims, Resources resources) {
    return () ->
        (Transform.Stateless<Object, Object>)
            (element, out) -> {
              emitAll(element, claims, resources, out);
              return Transform.Outcome.USED;
            };
  }

  @SuppressWarnings("unchecked") // the blueprint is well typed
  private void emitAll(Object element, int claims, Resources resources, Emitter<? super Object> out)
      throws Exception {
    Inner<O> inner = opening.open((I) Envelope.value(element));
    Origin origin = Envelope.origin(element);
    AutoCloseable closing = inner.closing();
    Resource resource = null;
    if (closing != null) {
      origin.retain(1);
      resource = resources.add(closing, origin);
      origin = resource;
    }
    try {
      while (inner.iterator().hasNext()) {
        O next = Transforms.result(inner.iterator().next());
        origin.retain(claims);
        out.emit(Envelope.of(next, origin));
      }
    } finally {
      if (resource != null) {
        resource.release(1);
      }
    }
    Envelope.origin(element).release(1);
  }
}
