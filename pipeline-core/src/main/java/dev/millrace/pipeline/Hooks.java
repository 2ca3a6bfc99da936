package dev.millrace.pipeline;

import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Stages for {@link Pipe#via} that call an action at the start or at the end of a run, and pass all
 * elements. For an action at each element, use {@link Pipe#tee}.
 *
 * <pre>{@code
 * pipe.via("opened", Hooks.onStart(() -> log.info("reading orders")))
 *     .via("closed", Hooks.onEnd(ending -> log.info("orders: {}", ending)));
 * }</pre>
 *
 * <p>In a branch with several copies, the action is called once for each copy. It may block. An
 * exception of it stops the run. The methods and the values that they return are thread-safe.
 */
public final class Hooks {

  private Hooks() {}

  /** How the input of a stage has ended. */
  public enum Ending {
    /** The stage has passed all elements of its input. */
    COMPLETED,
    /** The run has failed, was cancelled, or wanted no more elements. */
    STOPPED
  }

  /**
   * Calls the action before the stage takes its first element, also if there is none. In an input
   * of {@link Pipe#concat}, that is when the turn of this input has come. Costs nothing for each
   * element but a call.
   */
  public static <T> Supplier<Transform<T, T>> onStart(Runnable action) {
    Objects.requireNonNull(action, "action");
    return (Transforms.Passing<T>)
        () -> {
          action.run();
          return (Transform.Stateless<T, T>) Hooks::pass;
        };
  }

  private static <T> Transform.Outcome pass(T element, Emitter<? super T> out) {
    out.emit(element);
    return Transform.Outcome.USED;
  }

  /**
   * Calls the consumer once for each {@link #onStart start}, however the run ends: when the last
   * element that has passed this stage has left the run. The consumer is not interrupted. Costs an
   * object for each element and stage if a later stage runs in another thread or keeps elements: as
   * any stage with a {@linkplain Transform#close resource}.
   *
   * <p>{@link Ending#COMPLETED} is about this stage: a later stage may have failed since then. For
   * the outcome of the run, use {@link Run#join}.
   */
  public static <T> Supplier<Transform<T, T>> onEnd(Consumer<? super Ending> consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return () -> new EndingStage<>(consumer);
  }

  private static final class EndingStage<T> implements Transform.Stateless<T, T> {
    private final Consumer<? super Ending> consumer;

    /**
     * Written by the thread of the stage; read in close(), which the end of that thread precedes.
     */
    private Ending ending = Ending.STOPPED;

    EndingStage(Consumer<? super Ending> consumer) {
      this.consumer = consumer;
    }

    @Override
    public Outcome accept(T element, Emitter<? super T> out) {
      return pass(element, out);
    }

    @Override
    public void end(Emitter<? super T> out) {
      ending = Ending.COMPLETED;
    }

    @Override
    public void close() {
      consumer.accept(ending);
    }
  }
}
