package dev.millrace.pipeline;

import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.Transform;
import java.util.Iterator;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;

/**
 * Emits the elements of what a function returns for each element, and closes what it has iterated:
 * at once if its elements leave the run in the call that emits them; after the last of its elements
 * has left, if the pipeline is lifted.
 */
final class FlatMap<I, O> implements Supplier<Transform<I, O>> {

  /** Elements to be iterated, and what is to be closed afterwards; null if there is nothing. */
  private record Inner<O>(Iterator<? extends O> iterator, @Nullable AutoCloseable closing) {}

  /** Begins to iterate what the function returns for an element. */
  @FunctionalInterface
  private interface Opening<I, O> {
    Inner<O> open(I element) throws Exception;
  }

  /** A close has failed: stops the run, whatever the stage does with failures of elements. */
  static final class CloseFailed extends Error {
    private static final long serialVersionUID = 1L;

    CloseFailed(Throwable cause) {
      super("could not close what a function has returned to be iterated: " + cause, cause);
    }
  }

  private final Opening<I, O> opening;

  private FlatMap(Opening<I, O> opening) {
    this.opening = opening;
  }

  /** Of a function that returns iterables. */
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

  /** Of a function that returns streams. */
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

  /** Closes what could not be iterated; returns why it could not. */
  private static Exception closed(@Nullable AutoCloseable closing, Throwable why) {
    close(closing);
    if (why instanceof Error error) {
      throw error;
    }
    return (Exception) why;
  }

  /** An interrupt that is meant for the function around waits until the close has returned. */
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

  /**
   * The same on elements that may be in envelopes.
   *
   * @param claims how many each element that it emits is to have
   */
  Supplier<Transform<Object, Object>> lifted(int claims, Resources resources) {
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
