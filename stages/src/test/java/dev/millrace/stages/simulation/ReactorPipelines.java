package dev.millrace.stages.simulation;

import dev.millrace.pipeline.Engine;
import dev.millrace.stages.reactor.ReactorEngine;
import dev.millrace.testkit.conformance.SimulatedPipelines;
import java.time.Duration;

/** Random pipelines on the Reactor engine. */
public final class ReactorPipelines extends SimulatedPipelines {

  /** For the simulation. */
  public ReactorPipelines() {}

  @Override
  protected Engine engine(Duration grace) {
    return ReactorEngine.withGrace(grace);
  }
}
