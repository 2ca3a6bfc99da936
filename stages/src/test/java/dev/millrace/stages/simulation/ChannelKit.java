package dev.millrace.stages.simulation;

import dev.millrace.pipeline.Engine;
import dev.millrace.stages.channel.ChannelEngine;
import dev.millrace.testkit.conformance.SimulatedKit;
import java.time.Duration;

/** The tests of the kit on the channel engine. */
public final class ChannelKit extends SimulatedKit {

  /** For the simulation. */
  public ChannelKit() {}

  @Override
  protected Engine engine(Duration grace) {
    return ChannelEngine.withGrace(grace);
  }
}
