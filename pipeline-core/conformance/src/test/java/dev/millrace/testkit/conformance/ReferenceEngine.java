package dev.millrace.testkit.conformance;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageConsumer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An engine that is slow, and simple enough to be believed: each stage has threads of its own, each
 * element is handed over by itself, and one lock per run guards all that is shared.
 *
 * <p>With defects, it is an engine that the kit must refuse.
 */
final class ReferenceEngine implements Engine {

  private final Duration grace;
  private final Set<Defect> defects = EnumSet.noneOf(Defect.class);

  ReferenceEngine(Duration grace, Defect... defects) {
    this.grace = grace;
    this.defects.addAll(Set.of(defects));
  }

  @Override
  public String name() {
    return "reference" + defects;
  }

  @Override
  public <R extends @Nullable Object> Run<R> start(
      Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
    var run = new ReferenceRun<R>(context, onFailure, grace, defects);
    run.start(pipeline);
    return run;
  }
}
