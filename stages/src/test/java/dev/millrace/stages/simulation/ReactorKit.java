package dev.millrace.stages.simulation;

import dev.millrace.pipeline.Engine;
import dev.millrace.stages.reactor.ReactorEngine;
import dev.millrace.testkit.conformance.SimulatedKit;
import java.time.Duration;

/** The tests of the kit on the Reactor engine. */
public final class ReactorKit extends SimulatedKit {

  /** For the simulation. */
  public ReactorKit() {}

  @Override
  protected Engine engine(Duration grace) {
    return ReactorEngine.withGrace(grace);
  }
}
