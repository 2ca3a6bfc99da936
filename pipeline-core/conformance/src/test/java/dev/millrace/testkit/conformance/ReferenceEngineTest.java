package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.time.Duration;
import java.util.Set;

class ReferenceEngineTest extends EngineConformance {

  @Override
  protected Engine engine(Duration grace) {
    return new ReferenceEngine(grace);
  }

  /** The reference engine is to be simple, and has been left behind by these. */
  @Override
  protected Set<String> notKept() {
    return Set.of(
        "elementsThatHaveLeftAreNotKept",
        "thousandsOfSequentialStagesRun",
        "resourcesOfASynchronousFlatMapAreOpenOneByOne",
        "iterableOfAnElementThatFailsIsClosed",
        "elementsThatWaitInAParallelStageAreToldApartFromThoseThatRun",
        "drainStopsARunThatKeepsAllCarriersBusy");
  }
}
