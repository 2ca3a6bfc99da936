package dev.millrace.kafka;

/**
 * Something that a consumer needs is missing, and it waits for it: no broker answers, a topic does
 * not exist, a right is refused. The message says what, and what can be done. The loop goes on by
 * itself once it is there.
 */
public final class ClusterProblemException extends Exception {

  private static final long serialVersionUID = 1L;

  /** A problem, as it is told. */
  public ClusterProblemException(String message) {
    super(message, null, false, false); // it was found, and not thrown: a trace says nothing
  }
}
