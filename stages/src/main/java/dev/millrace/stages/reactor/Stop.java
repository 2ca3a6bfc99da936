package dev.millrace.stages.reactor;

/**
 * Unwinds the functions of a stage whose results nobody wants any more. An {@link Error}, so that
 * functions that catch exceptions let it pass.
 */
final class Stop extends Error {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("StaticAssignmentOfThrowable") // it has no stack trace, and tells nothing
  static final Stop STOP = new Stop();

  private Stop() {
    super("nobody wants more elements", null, false, false);
  }
}
