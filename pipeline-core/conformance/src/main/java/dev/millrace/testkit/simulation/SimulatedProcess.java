package dev.millrace.testkit.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The threads of a scenario that freeze and die together, as the threads of a process do: the
 * threads that {@link #start} starts, and all threads that these start.
 *
 * <p>For threads of one scenario. Each method returns at once.
 */
public final class SimulatedProcess {

  private final World world;
  private final String name;

  /** The threads that could run, if the process did; in the order in which they became ready. */
  final List<SimulatedThread> waiting = new ArrayList<>();

  /** By how much its wall clock is ahead. */
  Duration clockAhead = Duration.ZERO;

  boolean frozen;
  boolean dead;

  private SimulatedProcess(World world, String name) {
    this.world = world;
    this.name = name;
  }

  /**
   * A process without threads.
   *
   * @throws IllegalStateException if the caller is in no simulation
   */
  public static SimulatedProcess named(String name) {
    World world = Carrier.world();
    if (world == null) {
      throw new IllegalStateException("a process needs a simulation: run this in a scenario");
    }
    return new SimulatedProcess(world, name);
  }

  /** Starts a thread of the process. */
  public void start(Runnable task) {
    world.start(this, name, task);
  }

  /** No thread of the process runs until {@link #thaw}. Their timers go on. */
  public void freeze() {
    frozen = true;
    world.stops(this);
  }

  /** The threads go on. */
  public void thaw() {
    frozen = false;
    world.goesOn(this);
  }

  /** No thread of the process runs ever again. */
  public void kill() {
    dead = true;
    world.stops(this);
  }

  /** Sets its wall clock forward, or back. The time that threads wait does not change. */
  public void setClock(Duration forward) {
    clockAhead = clockAhead.plus(forward);
  }

  /** The names of its threads that have not ended, without the calling one. */
  public List<String> threads() {
    return world.threadsOf(this);
  }

  /** The stacks of these threads, for people. */
  public String stacks() {
    return world.stacksOf(this);
  }

  boolean runs() {
    return !frozen && !dead;
  }
}
