package dev.millrace.stages.reactor;

import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.SettlingEngine;
import dev.millrace.testkit.conformance.EngineConformance;
import java.time.Duration;

/** The engine keeps its promises when each source is a settling source. */
class ReactorEngineSettlingTest extends EngineConformance {
  @Override
  protected Engine engine(Duration grace) {
    return new SettlingEngine(ReactorEngine.withGrace(grace));
  }

  @Override
  protected boolean closesSourcesEarly() {
    return false;
  }
}
