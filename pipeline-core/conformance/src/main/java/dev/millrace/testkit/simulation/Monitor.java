package dev.millrace.testkit.simulation;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A monitor of a simulated world: in place of the JVM's, which hands over to waiting threads at a
 * time that no seed decides. For the world's carrier only.
 */
final class Monitor {

  @Nullable SimulatedThread owner;
  int count;
  final Deque<SimulatedThread> entering = new ArrayDeque<>();
  final Deque<SimulatedThread> waiting = new ArrayDeque<>();

  boolean isUnused() {
    return owner == null && entering.isEmpty() && waiting.isEmpty();
  }
}
