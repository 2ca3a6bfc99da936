package dev.millrace.testkit.chaos;

/**
 * A round of loops on all faces in turn, with further disturbances, most with a retry topic, and
 * half with a group that begins at the end of the log.
 */
public final class SimulatedStorms extends SimulatedReactorLoops {

  /** Without a defect. */
  public SimulatedStorms() {}

  /** With the defect of this name. */
  public SimulatedStorms(String defect) {
    super(defect);
  }

  @Override
  SimulatedFace face(long seed) {
    SimulatedFace[] all = SimulatedFace.values();
    return all[(int) Math.floorMod(seed, (long) all.length)];
  }

  @Override
  SimulatedPlan plan(long seed) {
    return SimulatedPlan.storm(seed);
  }
}
