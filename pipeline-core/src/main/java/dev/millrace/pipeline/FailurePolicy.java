package dev.millrace.pipeline;

import dev.millrace.errors.Failure;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The reaction of a stage to an element that it could not process. Immutable and thread-safe.
 *
 * <p>An {@link Error} is not a failure of an element: it stops the run under every policy.
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
    return new FailurePolicy(false, Objects.requireNonNull(consumer, "consumer"));
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
