package dev.millrace.testkit.chaos;

import java.util.function.LongConsumer;

/** A round of loops on channels on the simulated broker, as a scenario: the seed draws all. */
public class SimulatedLoops implements LongConsumer {

  private final PlantedInSimulation defect;

  /** Without a defect. */
  public SimulatedLoops() {
    this(PlantedInSimulation.NONE.name());
  }

  /** With the defect of this name. */
  public SimulatedLoops(String defect) {
    this.defect = PlantedInSimulation.valueOf(defect);
  }

  SimulatedFace face(long seed) {
    return SimulatedFace.CHANNEL;
  }

  SimulatedPlan plan(long seed) {
    return SimulatedPlan.of(seed);
  }

  @Override
  public final void accept(long seed) {
    try {
      new SimulatedRound(defect.in(plan(seed)), defect, face(seed)).run();
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts a round", e);
    }
  }
}
