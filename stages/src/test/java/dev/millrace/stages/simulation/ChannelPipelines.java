package dev.millrace.stages.simulation;

import dev.millrace.pipeline.Engine;
import dev.millrace.stages.channel.ChannelEngine;
import dev.millrace.testkit.conformance.SimulatedPipelines;
import java.time.Duration;

/** Random pipelines on the channel engine. */
public final class ChannelPipelines extends SimulatedPipelines {

  /** For the simulation. */
  public ChannelPipelines() {}

  @Override
  protected Engine engine(Duration grace) {
    return ChannelEngine.withGrace(grace);
  }
}
