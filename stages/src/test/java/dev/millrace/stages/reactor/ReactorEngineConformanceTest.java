package dev.millrace.stages.reactor;

import dev.millrace.pipeline.Engine;
import dev.millrace.testkit.conformance.EngineConformance;
import java.time.Duration;

/** The Reactor engine keeps the promises of every engine. BlockHound watches. */
class ReactorEngineConformanceTest extends EngineConformance {

  @Override
  protected Engine engine(Duration grace) {
    return ReactorEngine.withGrace(grace);
  }
}
