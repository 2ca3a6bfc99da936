package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.time.Duration;

class ReferenceEngineTest extends EngineConformance {

  @Override
  protected Engine engine(Duration grace) {
    return new ReferenceEngine(grace);
  }

  /** The reference engine is simple: its threads keep the locals of their loops. */
  @Override
  protected boolean forgetsElements() {
    return false;
  }
}
