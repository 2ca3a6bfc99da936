package dev.millrace.pipeline;

import dev.millrace.errors.Failure;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a stage does with an element that it could not process. Immutable.
 *
 * <p>An {@link Error} is no failure of an element: it stops the run whatever the policy says.
 */
public final class FailurePolicy {

  private static final FailurePolicy REPORT = new FailurePolicy(false, null);
  private static final FailurePolicy STOP = new FailurePolicy(true, null);

  private final boolean stops;
  private final @Nullable StageConsumer<? super Failure<?>> deadLetters;

  private FailurePolicy(boolean stops, @Nullable StageConsumer<? super Failure<?>> deadLetters) {
    this.stops = stops;
    this.deadLetters = deadLetters;
  }

  /** Hands the failure to the run's failure handler, which stops the run if there is none. */
  public static FailurePolicy report() {
    return REPORT;
  }

  /** Stops the run with the failure's cause. */
  public static FailurePolicy stop() {
    return STOP;
  }

  /** Hands the failure to this consumer, and goes on; if the consumer throws, the run stops. */
  public static FailurePolicy deadLetters(StageConsumer<? super Failure<?>> consumer) {
    return new FailurePolicy(false, Objects.requireNonNull(consumer, "consumer"));
  }

  /** Whether the run is to be stopped. */
  public boolean stops() {
    return stops;
  }

  /** Who gets the failures; null for the run's failure handler. */
  public @Nullable StageConsumer<? super Failure<?>> deadLetters() {
    return deadLetters;
  }
}
