package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.time.Duration;
import java.util.Set;

class ReferenceEngineTest extends EngineConformance {

  @Override
  protected Engine engine(Duration grace) {
    return new ReferenceEngine(grace);
  }

  /**
   * The reference engine is simple, and does not keep these. It gives each stage a thread, and
   * keeps the last element of a stage until the next one comes. So the elements of a flatMap whose
   * stages are all sequential wait between threads: the library closes what the flatMap has opened
   * after the call that emits them. And it takes an element for a parallel stage only when there is
   * a thread for it. It goes on with the next input of a concatenation while the stage after it
   * still has the last element. A thread takes elements out of a queue before the next stage wants
   * them, so that elements that come later cannot overtake them.
   */
  @Override
  protected Set<String> notKept() {
    return Set.of(
        "elementsThatHaveLeftAreNotKept",
        "alternativeIsOpenedOnlyIfThereIsNoElement",
        "thousandsOfSequentialStagesRun",
        "resourcesOfASynchronousFlatMapAreOpenOneByOne",
        "iterableOfAnElementThatFailsIsClosed",
        "elementsThatWaitInAParallelStageAreToldApartFromThoseThatRun",
        "pipesAreMergedByTheirOrder");
  }
}
