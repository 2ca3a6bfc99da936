package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Nested;

/**
 * The tests of the promises that every engine keeps. A subclass in your tests runs all of them.
 *
 * <pre>{@code
 * class MyEngineTest extends EngineConformance {
 *   @Override
 *   protected Engine engine(Duration grace) {
 *     return new MyEngine(grace);
 *   }
 * }
 * }</pre>
 *
 * <p>After each run, every test also checks that the counts balance, and that no thread that was
 * started during the run is alive. To list virtual threads, the kit needs the JVM argument {@code
 * --add-exports=java.base/jdk.internal.vm=ALL-UNNAMED}.
 */
public abstract class EngineConformance extends RandomPipelines {

  /** For subclasses. */
  protected EngineConformance() {}

  /**
   * The engine under test.
   *
   * @param grace the grace period: how long a cancelled run waits for functions that ignore their
   *     interrupt. After it, the run ends without them and names them
   */
  protected abstract Engine engine(Duration grace);

  /** The engine, with a grace period too long to matter. */
  protected Engine engine() {
    return engine(Duration.ofMinutes(5));
  }

  /**
   * Whether a platform thread with this name belongs to a pool that all runs share. The kit already
   * knows the threads of the JDK's pools and of the library's timers. Default: false.
   */
  protected boolean isShared(String thread) {
    return false;
  }

  /**
   * The names of the tests whose promises the engine does not keep yet. They are reported as
   * skipped. For engines under development. Default: none.
   */
  protected Set<String> notKept() {
    return Set.of();
  }

  /**
   * Whether the engine closes a source when its last element has left the run. An engine that
   * settles all elements keeps sources open until the end of the run.
   */
  protected boolean closesSourcesEarly() {
    return true;
  }

  /**
   * Whether each trial looks for threads that its run has left. In a simulation the world does that
   * at the end.
   */
  boolean looksForThreads() {
    return true;
  }

  /**
   * How long the kit waits for an expected event. It does not limit the time of an engine. Default:
   * 30 s.
   */
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }

  @Override
  final EngineConformance kit() {
    return this;
  }

  @Nested
  class Operators extends OperatorsConformance {}

  @Nested
  class Ends extends EndsConformance {}

  @Nested
  class Failures extends FailuresConformance {}

  @Nested
  class Cancellations extends CancellationConformance {}

  @Nested
  class Drains extends DrainConformance {}

  @Nested
  class StubbornFunctions extends StubbornConformance {}

  @Nested
  class Starvation extends StarvationConformance {}

  @Nested
  class ContextValues extends ContextConformance {}

  @Nested
  class Reports extends ReportConformance {}

  @Nested
  class Settlements extends SettlementConformance {}

  @Nested
  class SettlementsOfMany extends SettlementOfManyConformance {}

  @Nested
  class SettlementEnds extends SettlementEndsConformance {}

  @Nested
  class Resources extends ResourceConformance {}

  @Nested
  class StageResources extends StageResourcesConformance {}

  @Nested
  class HooksOfRuns extends HooksConformance {}

  @Nested
  class Combinations extends CombiningConformance {}

  @Nested
  class InnerPipes extends InnerPipesConformance {}

  @Nested
  class Boundaries extends BoundariesConformance {}

  @Nested
  class DifferentBranches extends BranchesConformance {}

  @Nested
  class Sharing extends SharingConformance {}

  @Nested
  class BytesOfRuns extends BytesConformance {}

  @Nested
  class TypedFailures extends TypedFailuresConformance {}

  @Nested
  class Times extends TimeConformance {}

  @Nested
  class IdleRuns extends IdleConformance {}

  @Nested
  class Depths extends DepthConformance {}

  @Nested
  class KnownDefects extends KnownDefectsConformance {}

  @Nested
  class CallsFromInside extends InsideConformance {}

  @Nested
  class Causes extends CausesConformance {}

  @Nested
  class LeftInterrupts extends InterruptsConformance {}

  @Nested
  class SourceFailures extends SourceFailuresConformance {}
}
