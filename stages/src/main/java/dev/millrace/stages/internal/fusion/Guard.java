package dev.millrace.stages.internal.fusion;

/** Says whether the results of a mapping still have a taker. */
@FunctionalInterface
public interface Guard {

  /** Whether no stage takes the result of a mapping; {@link MappingHost#left} is called then. */
  boolean isLeft();

  /** Whether the thread is to end. Default: when its results have no taker. */
  default boolean isStopped() {
    return isLeft();
  }
}
