package dev.millrace.testkit.chaos;

/**
 * A round of loops with a retry topic, on all faces in turn. The wall clocks of their processes are
 * set to other times now and then.
 */
public final class SimulatedRetries extends SimulatedReactorLoops {

  /** Without a defect. */
  public SimulatedRetries() {}

  /** With the defect of this name. */
  public SimulatedRetries(String defect) {
    super(defect);
  }

  @Override
  SimulatedFace face(long seed) {
    SimulatedFace[] all = SimulatedFace.values();
    return all[(int) Math.floorMod(seed, (long) all.length)];
  }

  @Override
  SimulatedPlan plan(long seed) {
    return SimulatedPlan.withRetries(seed);
  }
}
