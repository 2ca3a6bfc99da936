/** Failures as values: what failed, in which stage, at which attempt, and why. */
module dev.millrace.errors {
  requires static transitive org.jspecify;

  exports dev.millrace.errors;
}
