package dev.millrace.stages.internal.run;

/**
 * Leaves the functions of a stage whose elements have no taker any more. It passes through
 * functions of the user, so it is an {@link Error}: functions seldom catch errors. If a function
 * does, its next emit throws the error again.
 */
public final class Unwind extends Error {

  private static final long serialVersionUID = 1L;

  /** The only one: it has no stack trace and no cause. */
  @SuppressWarnings("StaticAssignmentOfThrowable") // it has neither a trace nor anything else
  public static final Unwind INSTANCE = new Unwind();

  private Unwind() {
    super("no stage takes more elements", null, false, false);
  }
}
