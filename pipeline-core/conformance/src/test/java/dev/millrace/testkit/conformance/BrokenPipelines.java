package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.time.Duration;

/** Random pipelines on an engine that is broken. */
public final class BrokenPipelines extends SimulatedPipelines {

  /** For an engine without a defect. */
  static final String SOUND = "";

  private final Defect[] defects;

  /** The engine has the defect of this name. */
  public BrokenPipelines(String name) {
    defects = name.equals(SOUND) ? new Defect[0] : new Defect[] {Defect.valueOf(name)};
  }

  @Override
  protected Engine engine(Duration grace) {
    return new ReferenceEngine(grace, defects);
  }
}
