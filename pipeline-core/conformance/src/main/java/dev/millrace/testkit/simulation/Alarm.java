package dev.millrace.testkit.simulation;

import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.TimeUnit;

/** An action of a world at a virtual time. For the world's carrier only. */
final class Alarm extends FutureTask<Void> implements RunnableScheduledFuture<Void> {

  private final World world;
  final long due;
  private final long number;

  Alarm(World world, long due, long number, Runnable action) {
    super(action, null);
    this.world = world;
    this.due = due;
    this.number = number;
  }

  @Override
  protected void done() {
    if (isCancelled()) {
      world.forget(this);
    }
  }

  @Override
  public boolean isPeriodic() {
    return false;
  }

  @Override
  public long getDelay(TimeUnit unit) {
    return unit.convert(due - world.now(), TimeUnit.NANOSECONDS);
  }

  @Override
  public int compareTo(Delayed other) {
    Alarm alarm = (Alarm) other;
    int byTime = Long.compare(due, alarm.due);
    return byTime != 0 ? byTime : Long.compare(number, alarm.number);
  }
}
