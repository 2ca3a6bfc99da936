package dev.millrace.kafka;

/**
 * A consumer waits for something that is missing in the cluster: no broker answers, a topic does
 * not exist, or a right is refused. The message names the problem and the remedy. The consumer goes
 * on by itself when the problem is solved. Thread-safe.
 */
public final class ClusterProblemException extends Exception {

  private static final long serialVersionUID = 1L;

  /**
   * A problem.
   *
   * @param message the problem and its remedy, for people
   */
  public ClusterProblemException(String message) {
    super(message, null, false, false); // found, not thrown: a stack trace says nothing
  }
}
