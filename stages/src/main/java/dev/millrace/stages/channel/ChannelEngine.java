package dev.millrace.stages.channel;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.channels.ChannelRun;
import dev.millrace.stages.internal.channels.Planner;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs pipelines over virtual threads: functions may block, and are interrupted when the run is
 * cancelled.
 *
 * <p>Sequential stages that follow each other run in one thread, with the source before them and
 * the sink after them. A parallel stage has a thread for each worker that it needed so far.
 * Buffers, merges, zips, fan-outs and timed stages have one thread on either side. Between two
 * threads is room for 16 elements, into and out of the branches of a fan-out for 128, in a buffer
 * for its capacity. A parallel stage has at most twice its parallelism of elements inside, or 64 if
 * that is more. The branches of a balance share a queue of 16 elements, and each takes an element
 * only when it can begin with it.
 *
 * <p>A function that ignores interrupts cannot be ended. Default grace: 5 seconds after the
 * cancellation. Then {@link Run#join} throws; a suppressed exception names the stages that are
 * still at work, as {@link Run#explain} does. The thread ends when the function does.
 *
 * <p>Thread-safe. A start costs a thread for each boundary, as above.
 */
public final class ChannelEngine implements Engine {

  private static final Duration GRACE = Duration.ofSeconds(5);

  private final Duration grace;

  /** The engine as {@link Engine#channels()} finds it. */
  public ChannelEngine() {
    this(GRACE);
  }

  private ChannelEngine(Duration grace) {
    this.grace = grace;
  }

  /**
   * An engine whose cancelled runs wait for the grace for functions that ignore interrupts.
   *
   * @throws IllegalArgumentException if {@code grace} is negative, or longer than a hundred years
   */
  public static ChannelEngine withGrace(Duration grace) {
    if (grace.isNegative() || grace.compareTo(Duration.ofDays(36500)) > 0) {
      throw new IllegalArgumentException(
          "the grace must not be negative, nor longer than a hundred years, but is " + grace);
    }
    return new ChannelEngine(grace);
  }

  @Override
  public String name() {
    return "channels";
  }

  @Override
  public <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
    Objects.requireNonNull(pipeline, "pipeline");
    Objects.requireNonNull(onFailure, "onFailure");
    var run =
        new ChannelRun<R>(pipeline, Objects.requireNonNull(context, "context"), onFailure, grace);
    run.start(Planner.plan(pipeline, run));
    return run;
  }
}
