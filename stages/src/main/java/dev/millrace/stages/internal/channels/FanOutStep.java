package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Node.Route;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.run.Keys;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Spreads elements over lanes, in the thread that brings them. A lane whose branch takes no more
 * elements gets no more. When that holds for all lanes, the stage is done.
 */
final class FanOutStep extends Step {

  private final PipelineThread thread;
  private final String name;
  private final Route route;
  private final @Nullable Function<Object, ?> key;
  private final FailurePolicy policy;
  private final List<OutletStep> lanes;

  /** The lane that is asked first in a balance. Of this thread. */
  private int turn;

  /** The lane that a wait has found. */
  private @Nullable OutletStep found;

  FanOutStep(
      PipelineThread thread,
      String name,
      Route route,
      @Nullable Function<Object, ?> key,
      FailurePolicy policy,
      List<OutletStep> lanes,
      Account from,
      Account account) {
    super(from, account);
    this.thread = thread;
    this.name = name;
    this.route = route;
    this.key = key;
    this.policy = policy;
    this.lanes = lanes;
  }

  /** Stops the thread once all lanes are cancelled. */
  static Runnable whenAll(int lanes, PipelineThread thread) {
    var left = new AtomicInteger(lanes);
    return () -> {
      if (left.decrementAndGet() == 0) {
        thread.stop();
      }
    };
  }

  @Override
  void start() {
    lanes.forEach(OutletStep::start);
    done = allDone();
  }

  private boolean allDone() {
    for (OutletStep lane : lanes) {
      if (!lane.done) {
        return false;
      }
    }
    return true;
  }

  @Override
  void process(Object element) {
    switch (route) {
      case PARTITION -> partition(element);
      case BROADCAST -> count(broadcast(element));
      case BALANCE -> count(balance(element));
    }
    done = allDone();
  }

  /**
   * An element whose lane takes no more is dropped while other lanes go on. When no lane takes
   * elements, or the run is stopped, it stays unprocessed, as in any stage.
   */
  private void count(boolean given) {
    if (given) {
      account.processed();
    } else if (isWanted() && !thread.isStopped()) {
      account.dropped();
    }
  }

  private boolean isWanted() {
    for (OutletStep lane : lanes) {
      if (!lane.link.isCancelled()) {
        return true;
      }
    }
    return false;
  }

  private boolean broadcast(Object element) {
    boolean taken = false;
    for (OutletStep lane : lanes) {
      taken |= push(lane, element);
    }
    return taken;
  }

  /** Whether the lane has taken the element. */
  private static boolean push(OutletStep lane, Object element) {
    if (!lane.done) {
      lane.push(element);
    }
    return !lane.done;
  }

  private void partition(Object element) {
    int lane;
    try {
      lane = Keys.lane(key, element, lanes.size());
    } catch (Throwable e) {
      thread.run.failures().thrown(thread, account::failed, name, policy, element, e);
      return;
    }
    thread.endCall();
    count(push(lanes.get(lane), element));
  }

  /** Gives the element to a lane that waits for one, so that none waits behind a slow one. */
  private boolean balance(Object element) {
    boolean given = false;
    while (!given && !allDone()) { // a lane can end between the look and the push
      OutletStep lane = idle();
      if (lane == null && !allDone()) {
        thread.waitsForOutput(from);
        try {
          lane = awaitIdle();
        } finally {
          thread.hasOutput();
        }
      }
      given = lane != null && push(lane, element);
    }
    return given;
  }

  private @Nullable OutletStep awaitIdle() {
    thread.awaitRoom(WaitStrategy.PARK, () -> (found = idle()) != null || allDone());
    return found;
  }

  /** The next lane that waits for an element. */
  private @Nullable OutletStep idle() {
    int size = lanes.size();
    for (int i = 0; i < size; i++) {
      turn = turn + 1 < size ? turn + 1 : 0;
      OutletStep lane = lanes.get(turn);
      lane.done = lane.link.isCancelled();
      if (lane.link.isIdle()) {
        return lane;
      }
    }
    return null;
  }

  @Override
  void end() {
    lanes.forEach(OutletStep::end);
  }
}
