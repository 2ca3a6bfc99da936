package dev.millrace.service;

/**
 * The counts of a {@link Tracker}, in events. Immutable and thread-safe.
 *
 * @param written events that the writer has written
 * @param failed events for which the writer threw an exception
 * @param dropped events that the channel dropped because it was full
 * @param unwritten accepted events that are neither written nor failed. Before a shutdown, they
 *     still wait. After a shutdown whose deadline has passed, they are lost. This includes the
 *     events of the writer's current call; the writer may still write them
 */
public record TrackerReport(long written, long failed, long dropped, long unwritten) {

  /** Whether every event was written. */
  public boolean isComplete() {
    return failed == 0 && dropped == 0 && unwritten == 0;
  }
}
