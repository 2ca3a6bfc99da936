package dev.millrace.service;

/**
 * How many events of a {@link Tracker} were written, and how many were lost. Immutable, and
 * thread-safe.
 *
 * @param written by the writer
 * @param failed handed to the writer, which threw
 * @param dropped by the overflow choice of the channel, because it was full
 * @param unwritten accepted, and neither written nor failed: still waiting; after a shutdown whose
 *     deadline has passed, given up. Events that the writer had in its hands at the deadline are
 *     among them, and may be written later
 */
public record TrackerReport(long written, long failed, long dropped, long unwritten) {

  /** Whether every event was written. */
  public boolean isComplete() {
    return failed == 0 && dropped == 0 && unwritten == 0;
  }
}
