package dev.millrace.stages.simulation;

import dev.millrace.stages.internal.reactor.CancelledConcatenation;
import dev.millrace.stages.internal.reactor.EndingBuffer;
import java.util.function.LongConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random pipelines, disturbed at random, under random schedules: known seeds, and fresh ones for
 * some seconds. {@code -Dsimulation.minutes=…} says for how long on each engine, {@code
 * -Dsimulation.first=…} from which seed on. {@code -Dsimulation.seed=…} repeats one schedule.
 */
class EngineSimulationTest {

  private static final int SEEDS = 100;
  private static final int SMALL = 1000;

  /** Seeds that were red once. */
  private static final long[] RED_ONCE = {
    5328412476312L, 11525667414821L, 1796001900698987265L, 1796001900698997415L
  };

  @ParameterizedTest
  @ValueSource(classes = {ChannelPipelines.class, ReactorPipelines.class})
  void everyScheduleKeepsThePromises(Class<? extends LongConsumer> scenario) {
    Schedules.known(scenario, 1, SEEDS, EngineSimulationTest.class);
    for (long seed : RED_ONCE) {
      Schedules.known(scenario, seed, 1, EngineSimulationTest.class);
    }
    Schedules.fresh(scenario, EngineSimulationTest.class);
  }

  /**
   * Reactor's own {@code concat} loses a cancel, and waits in the thread that subscribes. Its
   * {@code onBackpressureBuffer} loses the last element.
   */
  @ParameterizedTest
  @ValueSource(
      classes = {ConcatenatedPipelines.class, CancelledConcatenation.class, EndingBuffer.class})
  void operatorsOfTheEngineEnd(Class<? extends LongConsumer> scenario) {
    Schedules.known(scenario, 1, SMALL, EngineSimulationTest.class);
  }

  @ParameterizedTest
  @ValueSource(classes = {ChannelPipelines.class, ReactorPipelines.class})
  void seedRepeatsItsSchedule(Class<? extends LongConsumer> scenario) {
    Schedules.repeat(scenario);
  }
}
