package dev.millrace.test;

/**
 * A thread that is alive. Immutable.
 *
 * @param stack its stack, each frame on a line of its own that begins with a line feed
 */
record LiveThread(long id, String name, boolean isVirtual, String stack) {

  /** For messages. */
  @Override
  public String toString() {
    return "%s '%s' (#%d)%s".formatted(isVirtual ? "virtual thread" : "thread", name, id, stack);
  }
}
