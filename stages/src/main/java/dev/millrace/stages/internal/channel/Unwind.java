package dev.millrace.stages.internal.channel;

/**
 * Leaves a chain of stages whose elements nobody wants any more. It is thrown through functions of
 * the user, so it is an error, which they seldom catch; if they do, the next emit throws it again.
 */
final class Unwind extends Error {

  private static final long serialVersionUID = 1L;

  @SuppressWarnings("StaticAssignmentOfThrowable") // it has neither a trace nor anything else
  static final Unwind INSTANCE = new Unwind();

  private Unwind() {
    super("the stage is to end", null, false, false);
  }
}
