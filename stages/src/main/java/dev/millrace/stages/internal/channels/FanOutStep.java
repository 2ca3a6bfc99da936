package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.run.Keys;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Spreads elements over lanes, in the thread that brings them. A lane whose branch takes no more
 * elements gets no more. When that holds for all lanes, the stage is done.
 */
final class FanOutStep extends Step {

  private final PipelineThread thread;
  private final String name;
  private final @Nullable Function<Object, ?> key;
  private final FailurePolicy policy;
  private final List<OutletStep> lanes;
  private final OpenLanes open;

  FanOutStep(
      PipelineThread thread,
      String name,
      @Nullable Function<Object, ?> key,
      FailurePolicy policy,
      List<OutletStep> lanes,
      OpenLanes open,
      Account from,
      Account account) {
    super(from, account);
    this.thread = thread;
    this.name = name;
    this.key = key;
    this.policy = policy;
    this.lanes = lanes;
    this.open = open;
  }

  @Override
  void start() {
    lanes.forEach(OutletStep::start);
    done = open.isEmpty();
  }

  @Override
  void process(Object element) {
    if (key == null) {
      count(broadcast(element));
    } else {
      partition(element);
    }
    done = open.isEmpty();
  }

  /**
   * An element whose lane takes no more is dropped while other lanes go on. When no lane takes
   * elements, or the run is stopped, it stays unprocessed, as in any stage.
   */
  private void count(boolean given) {
    if (given) {
      account.processed();
    } else if (!open.isEmpty() && !thread.isStopped()) {
      account.dropped();
    }
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

  @Override
  void end() {
    lanes.forEach(OutletStep::end);
  }
}
