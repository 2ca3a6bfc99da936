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
  class Operators extends OperatorsConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Ends extends EndsConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Failures extends FailuresConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Cancellations extends CancellationConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Drains extends DrainConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class StubbornFunctions extends StubbornConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Starvation extends StarvationConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class ContextValues extends ContextConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Reports extends ReportConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Settlements extends SettlementConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class SettlementsOfMany extends SettlementOfManyConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class SettlementEnds extends SettlementEndsConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Resources extends ResourceConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class IdleRuns extends IdleConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Depths extends DepthConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class KnownDefects extends KnownDefectsConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class CallsFromInside extends InsideConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class Causes extends CausesConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class LeftInterrupts extends InterruptsConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }

  @Nested
  class SourceFailures extends SourceFailuresConformance {
    @Override
    EngineConformance kit() {
      return EngineConformance.this;
    }
  }
}
