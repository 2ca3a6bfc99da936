package dev.millrace.lincheck;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Operations that do not wait are linearizable: for any concurrent calls there is an order in which
 * a plain sequential model gives the same results. Lincheck switches threads between any two reads
 * or writes of shared memory. Run by {@code -Plincheck}.
 */
@Tag("lincheck")
class LincheckTest {

  /** The number of random scenarios, each with at most a thousand interleavings. */
  private static final int SCENARIOS = Integer.getInteger("lincheck.scenarios", 5);

  private static void check(Class<?> operations, Class<?> specification) {
    new ModelCheckingOptions()
        .iterations(SCENARIOS)
        .invocationsPerIteration(1000)
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(1)
        .sequentialSpecification(specification)
        .check(operations);
  }

  @Test
  void channelOfOneIsLinearizable() {
    check(ChannelOperations.OfOne.class, ChannelSpecification.OfOne.class);
  }

  @Test
  void channelOfTwoIsLinearizable() {
    check(ChannelOperations.OfTwo.class, ChannelSpecification.OfTwo.class);
  }

  @Test
  void semaphoreIsLinearizable() {
    check(SemaphoreOperations.class, SemaphoreSpecification.class);
  }

  @Test
  void brokenChannelIsRefused() {
    assertThatThrownBy(() -> check(BrokenOperations.class, ChannelSpecification.OfOne.class))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Invalid execution results");
  }
}
