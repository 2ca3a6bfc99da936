package dev.millrace.stages.channel;

import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.SettlingEngine;
import dev.millrace.testkit.conformance.EngineConformance;
import java.time.Duration;

/** The channel engine keeps its promises when each source is a settling source. */
class ChannelEngineSettlingTest extends EngineConformance {
  @Override
  protected Engine engine(Duration grace) {
    return new SettlingEngine(ChannelEngine.withGrace(grace));
  }

  @Override
  protected boolean closesSourcesEarly() {
    return false;
  }
}
