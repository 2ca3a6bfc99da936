package dev.millrace.pipeline;

import dev.millrace.errors.Failure;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The reaction of a stage to an element that it could not process. Immutable and thread-safe.
 *
 * <p>An {@link Error} is not a failure of an element: it stops the run, unless the policy
 * {@linkplain #withErrors names} it.
 */
public final class FailurePolicy {

  private static final FailurePolicy REPORT = new FailurePolicy(false, null, Set.of());
  private static final FailurePolicy STOP = new FailurePolicy(true, null, Set.of());

  /** A stage may go on after these. */
  private static final List<Class<? extends Error>> MAY_BE_TAKEN =
      List.of(StackOverflowError.class, AssertionError.class, LinkageError.class);

  private final boolean stops;
  private final @Nullable StageConsumer<? super Failure<?>> deadLetters;
  private final Set<Class<? extends Error>> errors;

  private FailurePolicy(
      boolean stops,
      @Nullable StageConsumer<? super Failure<?>> deadLetters,
      Set<Class<? extends Error>> errors) {
    this.stops = stops;
    this.deadLetters = deadLetters;
    this.errors = errors;
  }

  /** Gives the failure to the run's failure handler. The default handler stops the run. */
  public static FailurePolicy report() {
    return REPORT;
  }

  /** Stops the run with the failure's cause. */
  public static FailurePolicy stop() {
    return STOP;
  }

  /** Gives the failure to this consumer and continues. If the consumer throws, the run stops. */
  public static FailurePolicy deadLetters(StageConsumer<? super Failure<?>> consumer) {
    return new FailurePolicy(false, Objects.requireNonNull(consumer, "consumer"), Set.of());
  }

  /**
   * Like {@link #deadLetters(StageConsumer)}, for stages whose elements are of one type. An element
   * of another type stops the run with an {@link IllegalStateException}: the policy is then at the
   * wrong stage. For a type that the compiler checks, see {@link FailureHandlers#ofStage}.
   */
  public static <I> FailurePolicy deadLetters(
      Class<I> type, StageConsumer<? super Failure<I>> consumer) {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(consumer, "consumer");
    return deadLetters(failure -> consumer.accept(typed(type, failure)));
  }

  @SuppressWarnings("unchecked") // a failure is immutable, and its element was checked
  private static <I> Failure<I> typed(Class<I> type, Failure<?> failure) {
    if (!type.isInstance(failure.element())) {
      throw new IllegalStateException(
          "the failure policy of stage '%s' is for elements of %s, but its element is of %s: set the policy before the stage that takes such elements"
              .formatted(failure.stage(), type.getName(), failure.element().getClass().getName()));
    }
    return (Failure<I>) failure;
  }

  /**
   * The same policy, also for errors of these types that the function of a stage throws: they
   * become failures of the element. The state that the function has changed before may be
   * incomplete.
   *
   * @param types {@link StackOverflowError}, {@link AssertionError}, {@link LinkageError}, or
   *     subclasses of them. All others say that the program is broken, or out of memory
   * @throws IllegalArgumentException for another type
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // the array is copied, and only classes are in it
  public final FailurePolicy withErrors(Class<? extends Error>... types) {
    for (Class<? extends Error> type : types) {
      if (MAY_BE_TAKEN.stream().noneMatch(each -> each.isAssignableFrom(type))) {
        throw new IllegalArgumentException(
            "%s always stops a run: only StackOverflowError, AssertionError, LinkageError and their subclasses can be failures of an element"
                .formatted(type.getName()));
      }
    }
    return new FailurePolicy(stops, deadLetters, Set.of(types));
  }

  /** Whether this is a failure of an element, and does not stop the run by itself. For engines. */
  public boolean takes(Throwable thrown) {
    return thrown instanceof Exception || errors.stream().anyMatch(type -> type.isInstance(thrown));
  }

  /** The same policy, with another consumer of the failures. */
  FailurePolicy withDeadLetters(StageConsumer<? super Failure<?>> consumer) {
    return new FailurePolicy(false, consumer, errors);
  }

  /** Whether a failure stops the run. */
  public boolean stops() {
    return stops;
  }

  /** The consumer of the failures; null if the run's failure handler gets them. */
  public @Nullable StageConsumer<? super Failure<?>> deadLetters() {
    return deadLetters;
  }
}
