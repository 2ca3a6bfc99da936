package dev.millrace.stages.channel;

import dev.millrace.pipeline.Engine;
import dev.millrace.testkit.conformance.EngineConformance;
import java.time.Duration;

/** The channel engine keeps the promises of every engine. */
// doc:begin
class ChannelEngineConformanceTest extends EngineConformance {
  @Override
  protected Engine engine(Duration grace) {
    return ChannelEngine.withGrace(grace);
  }
}
// doc:end
