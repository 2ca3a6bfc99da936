package dev.millrace.stages.simulation;

import java.util.function.LongConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The tests of the kit under random schedules: known seeds, and fresh ones for some seconds. The
 * properties are those of {@link EngineSimulationTest}.
 */
class KitSimulationTest {

  private static final int SEEDS = 300;

  @ParameterizedTest
  @ValueSource(classes = {ChannelKit.class, ReactorKit.class})
  void everyTestHoldsInEverySchedule(Class<? extends LongConsumer> scenario) {
    Schedules.known(scenario, 1, SEEDS, KitSimulationTest.class);
    Schedules.fresh(scenario, KitSimulationTest.class);
  }

  @ParameterizedTest
  @ValueSource(classes = {ChannelKit.class, ReactorKit.class})
  void seedRepeatsItsTest(Class<? extends LongConsumer> scenario) {
    Schedules.repeat(scenario);
  }
}
