package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.time.Duration;
import java.util.Set;

/** The kit on an engine that is broken: not a test by itself, because it is to fail. */
final class OnABrokenEngine extends EngineConformance {

  /** How the engine is broken. */
  static volatile Set<Defect> defects = Set.of();

  /** How long the kit waits in vain. */
  static volatile Duration patience = Duration.ofSeconds(30);

  @Override
  protected Engine engine(Duration grace) {
    return new ReferenceEngine(grace, defects.toArray(Defect[]::new));
  }

  @Override
  protected Duration patience() {
    return patience;
  }
}
