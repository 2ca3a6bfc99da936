package dev.millrace.testkit.conformance;

import org.jspecify.annotations.Nullable;

/** A thread of the reference engine, and whether it is to stop. */
final class Worker {

  /** The work. */
  interface Body {
    void run(Worker worker) throws Exception;
  }

  final String stage;
  private @Nullable Thread thread;
  private boolean isStopped;
  private boolean isShielded;
  private boolean isHandling;

  Worker(String stage) {
    this.stage = stage;
  }

  synchronized void begin() {
    thread = Thread.currentThread();
    if (isStopped) {
      thread.interrupt();
    }
  }

  /** Tells it to stop; what it does is interrupted. */
  synchronized void stop() {
    isStopped = true;
    if (thread != null && !isShielded) {
      thread.interrupt();
    }
  }

  /** Nobody wants its results: as {@link #stop}, but a failure that is being handled is handled. */
  synchronized void leave() {
    isStopped = true;
    if (thread != null && !isShielded && !isHandling) {
      thread.interrupt();
    }
  }

  /** It hands a failure to a handler, who does not care whether results are wanted. */
  synchronized void beginHandling(boolean isCancelled) {
    isHandling = true;
    if (!isCancelled) {
      Thread.interrupted();
    }
  }

  synchronized void endHandling() {
    isHandling = false;
    Thread.interrupted(); // the handler's own
    if (isStopped && !isShielded) {
      Thread.currentThread().interrupt();
    }
  }

  synchronized boolean isStopped() {
    return isStopped;
  }

  /** From now on it is not interrupted any more. */
  synchronized void shield() {
    isShielded = true;
    Thread.interrupted();
  }

  /** A function has returned: an interrupt of its own ends with it. */
  synchronized void endCall() {
    if (!isStopped) {
      Thread.interrupted();
    }
  }

  void check() {
    if (isStopped()) {
      throw new Stopped();
    }
  }
}
