package dev.millrace.testkit.simulation;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * The JDK's scheduler for the timed parks of virtual threads: tasks of simulated threads go to
 * their world, all others to the JDK's own.
 */
final class Delays extends AbstractExecutorService implements ScheduledExecutorService {

  private final ScheduledExecutorService jdk;

  Delays(ScheduledExecutorService jdk) {
    this.jdk = jdk;
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    World world = Carrier.world();
    return world == null
        ? jdk.schedule(command, delay, unit)
        : world.at(unit.toNanos(delay), command);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    return jdk.schedule(callable, delay, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    return jdk.scheduleAtFixedRate(command, initialDelay, period, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    return jdk.scheduleWithFixedDelay(command, initialDelay, delay, unit);
  }

  @Override
  public void shutdown() {
    jdk.shutdown();
  }

  @Override
  public List<Runnable> shutdownNow() {
    return jdk.shutdownNow();
  }

  @Override
  public boolean isShutdown() {
    return jdk.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return jdk.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return jdk.awaitTermination(timeout, unit);
  }

  @Override
  public void execute(Runnable command) {
    jdk.execute(command);
  }
}
