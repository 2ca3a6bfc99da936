package dev.millrace.testkit.simulation;

import java.util.List;

/** Decides which thread runs. For one run and one thread. */
interface Strategy {

  /**
   * Whether the running thread gives way at this point, although it could go on.
   *
   * @param running the thread that runs
   * @param ready the threads that could run instead, in the order in which they became ready
   */
  boolean preempts(SimulatedThread running, List<SimulatedThread> ready);

  /** The index of the thread that runs next. */
  int pick(List<SimulatedThread> ready);

  /** Called before each decision, with its number. */
  default void event(int number) {}

  /** Called when a thread has yielded by itself. */
  default void yielded(SimulatedThread thread) {}
}
