package dev.millrace.testkit.simulation;

import org.jspecify.annotations.Nullable;

/** A thread of a world. For the world's carrier only. */
final class SimulatedThread {

  /** From 1, in the order in which threads are started. */
  final int number;

  /** Runs the thread until it parks, yields or ends. */
  final Runnable continuation;

  /** The process that it belongs to; null if it belongs to none. */
  final @Nullable SimulatedProcess process;

  /** Null until it runs for the first time. */
  @Nullable Thread thread;

  /** For strategies with priorities: the ready thread with the highest priority runs. */
  long priority;

  /** The number of the decision before which it became ready. */
  int readySince;

  /** Whether it waits for a monitor, and a yield does not make it ready. */
  boolean held;

  /** The monitor in whose wait set it is. */
  @Nullable Monitor waitsIn;

  /** Positive while it cannot be switched at a point. */
  int unswitchable;

  boolean ended;

  SimulatedThread(int number, Runnable continuation, @Nullable SimulatedProcess process) {
    this.number = number;
    this.process = process;
    this.continuation = continuation;
  }

  /** Whether its process, if it has one, is neither frozen nor dead. */
  boolean mayRun() {
    return process == null || process.runs();
  }

  /**
   * Whether it waits for a monitor of the JVM: until its holder leaves it, or until the JDK's
   * unblocker has noticed that.
   */
  boolean isBlocked() {
    Thread known = thread;
    if (ended || held || known == null) {
      return false;
    }
    Thread.State state = known.getState();
    return state == Thread.State.BLOCKED || state == Thread.State.RUNNABLE;
  }

  boolean hasBegun() {
    return thread != null;
  }

  /** The name, with the number. */
  String name() {
    Thread known = thread;
    return known == null ? "#" + number + " (not begun)" : "#" + number + " " + known.getName();
  }

  /** Appends the name and the innermost calls. */
  void describe(StringBuilder text) {
    text.append("\n  ").append(name());
    Thread known = thread;
    if (known != null) {
      StackTraceElement[] stack = known.getStackTrace();
      for (int i = 0; i < Math.min(stack.length, 14); i++) {
        text.append("\n      at ").append(stack[i]);
      }
    }
  }
}
