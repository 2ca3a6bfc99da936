package dev.millrace.stages.channel;

import dev.millrace.pipeline.Engine;
import dev.millrace.stages.internal.fusion.Twins;
import dev.millrace.testkit.conformance.EngineConformance;
import java.time.Duration;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The engine keeps its promises if all chains have code of their own from their first element. */
class ChannelOwnCodeConformanceTest extends EngineConformance {

  @BeforeAll
  @BeforeContainer
  static void atOnce() {
    System.setProperty(Twins.AFTER, "0");
  }

  @AfterAll
  @AfterContainer
  static void asElse() {
    System.clearProperty(Twins.AFTER);
  }

  @Override
  protected Engine engine(Duration grace) {
    return ChannelEngine.withGrace(grace);
  }
}
