package dev.millrace.stages.reactor;

import dev.millrace.pipeline.Engine;
import dev.millrace.testkit.conformance.EngineConformance;
import java.time.Duration;

/** What every engine promises. BlockHound watches. */
class ReactorEngineConformanceTest extends EngineConformance {

  @Override
  protected Engine engine(Duration grace) {
    return ReactorEngine.withGrace(grace);
  }
}
