/** Failures as values: the element, its stage, the attempt, and the cause. */
module dev.millrace.errors {
  requires static transitive org.jspecify;

  exports dev.millrace.errors;
}
