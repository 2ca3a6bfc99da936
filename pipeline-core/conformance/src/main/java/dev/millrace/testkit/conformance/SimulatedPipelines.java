package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.time.Duration;
import java.util.function.LongConsumer;

/**
 * The random pipelines of the kit as a scenario of a simulation: the seed draws the pipeline, its
 * disturbance and the schedule. A subclass names the engine.
 *
 * <pre>{@code
 * public final class MyPipelines extends SimulatedPipelines {
 *   @Override
 *   protected Engine engine(Duration grace) {
 *     return new MyEngine(grace);
 *   }
 * }
 * }</pre>
 */
public abstract class SimulatedPipelines implements LongConsumer {

  /** The kit without JUnit. */
  private final class Kit extends EngineConformance {
    @Override
    protected Engine engine(Duration grace) {
      return SimulatedPipelines.this.engine(grace);
    }

    @Override
    boolean looksForThreads() {
      return false;
    }
  }

  private final Kit kit = new Kit();

  /** For subclasses. */
  protected SimulatedPipelines() {}

  /**
   * The engine under test.
   *
   * @param grace as for {@link EngineConformance#engine(Duration)}
   */
  protected abstract Engine engine(Duration grace);

  @Override
  public final void accept(long seed) {
    var plans = new SeededPlans(seed);
    switch (plans.below(4)) {
      case 0 -> kit.compare(plans.plan());
      case 1 -> kit.settle(plans.settled());
      default -> kit.disturb(plans.disturbed());
    }
  }

  /** The pipeline of a seed, for people. */
  public static String describe(long seed) {
    var plans = new SeededPlans(seed);
    return switch (plans.below(4)) {
      case 0 -> plans.plan().toString();
      case 1 -> plans.settled().toString();
      default -> plans.disturbed().toString();
    };
  }
}
