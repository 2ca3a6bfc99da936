package dev.millrace.testkit.simulation;

import java.util.IdentityHashMap;

/**
 * The monitors of a world. Rewritten code calls them where it had {@code synchronized}, {@code
 * wait} and {@code notify}. For the world's carrier, and for the threads that it carries.
 */
final class Monitors {

  private final World world;
  private final IdentityHashMap<Object, Monitor> monitors = new IdentityHashMap<>();

  Monitors(World world) {
    this.world = world;
  }

  void enter(Object object) {
    SimulatedThread running = world.current();
    if (running == null) {
      return;
    }
    world.point();
    acquire(object, running, 1);
  }

  private void acquire(Object object, SimulatedThread running, int times) {
    Monitor monitor = monitor(object);
    while (monitor.owner != null && monitor.owner != running) {
      running.held = true;
      monitor.entering.add(running);
      Thread.yield();
      if (running.held) {
        throw new IllegalStateException(
            "a pinned thread waits for a monitor: " + object.getClass());
      }
      monitor = monitor(object);
    }
    monitor.owner = running;
    monitor.count += times;
  }

  private Monitor monitor(Object object) {
    return monitors.computeIfAbsent(object, each -> new Monitor());
  }

  void exit(Object object) {
    SimulatedThread running = world.current();
    Monitor monitor = monitors.get(object);
    if (running == null || monitor == null || monitor.owner != running) {
      return;
    }
    if (--monitor.count == 0) {
      release(object, monitor);
    }
  }

  private void release(Object object, Monitor monitor) {
    monitor.owner = null;
    monitor.count = 0;
    for (SimulatedThread each; (each = monitor.entering.poll()) != null; ) {
      each.held = false;
      world.ready(each);
    }
    if (monitor.isUnused()) {
      monitors.remove(object);
    }
  }

  void await(Object object, long nanos) throws InterruptedException {
    SimulatedThread running = world.current();
    Monitor monitor = monitors.get(object);
    if (running == null || monitor == null || monitor.owner != running) {
      throw new IllegalMonitorStateException("the calling thread is not the owner");
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    int times = monitor.count;
    monitor.waiting.add(running);
    running.held = true;
    running.waitsIn = monitor;
    release(object, monitor);
    Alarm timeout = nanos == 0 ? null : world.at(nanos, () -> wake(running));
    Thread.yield();
    if (running.held) {
      throw new IllegalStateException("a pinned thread waits in a monitor: " + object.getClass());
    }
    if (timeout != null) {
      timeout.cancel(false);
    }
    acquire(object, running, times);
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  /** Ends the wait of a thread in a monitor, if it waits in one. */
  void wake(SimulatedThread thread) {
    Monitor monitor = thread.waitsIn;
    if (monitor != null) {
      monitor.waiting.remove(thread);
      thread.waitsIn = null;
      thread.held = false;
      world.ready(thread);
    }
  }

  void wake(Object object, boolean all) {
    Monitor monitor = monitors.get(object);
    while (monitor != null && !monitor.waiting.isEmpty()) {
      wake(monitor.waiting.getFirst());
      if (!all) {
        break;
      }
    }
  }
}
