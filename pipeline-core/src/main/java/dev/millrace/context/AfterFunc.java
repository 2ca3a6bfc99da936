package dev.millrace.context;

/** Runs a function of the user, in a thread of its own, when a context is cancelled. */
final class AfterFunc extends Listener {

  private final Runnable action;

  AfterFunc(Runnable action) {
    this.action = action;
  }

  @Override
  void cancelled(Throwable cause) {
    Thread.ofVirtual().name("millrace-after-func").start(action);
  }
}
