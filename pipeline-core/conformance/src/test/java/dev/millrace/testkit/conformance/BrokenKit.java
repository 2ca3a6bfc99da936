package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.time.Duration;
import java.util.Set;

/** The tests of the kit on an engine that is broken. */
public final class BrokenKit extends SimulatedKit {

  /** Tests that fail in some schedules of the sound reference engine. */
  private static final Set<String> NOT_KEPT =
      Set.of(
          "alternativeIsOpenedOnlyIfThereIsNoElement",
          "pipesAreMergedByTheirOrder",
          "resourcesOfASynchronousFlatMapAreOpenOneByOne",
          "iterableOfAnElementThatFailsIsClosed",
          "elementsThatWaitInAParallelStageAreToldApartFromThoseThatRun");

  private final Defect[] defects;

  /** The engine has the defect of this name; none if the name is {@link BrokenPipelines#SOUND}. */
  public BrokenKit(String name) {
    super(test -> !NOT_KEPT.contains(test));
    defects =
        name.equals(BrokenPipelines.SOUND) ? new Defect[0] : new Defect[] {Defect.valueOf(name)};
  }

  @Override
  protected Engine engine(Duration grace) {
    return new ReferenceEngine(grace, defects);
  }
}
