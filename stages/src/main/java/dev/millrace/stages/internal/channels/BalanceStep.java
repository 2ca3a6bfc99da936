package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.pool.SharedQueue;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.List;

/**
 * Puts elements into the one queue of the lanes of a balance. Each lane takes one when it can begin
 * with it, so none waits behind a slow one. When all lanes have left, the stage is done.
 */
final class BalanceStep extends Step {

  private final PipelineThread thread;
  private final SharedQueue queue;
  private final List<Link> lanes;
  private final OpenLanes open;
  private final Account lane;
  private final WaitStrategy untilRoomy;

  /**
   * A balance.
   *
   * @param lanes the ends of the queue, for the end
   * @param lane counts the elements of all lanes
   */
  BalanceStep(
      PipelineThread thread,
      SharedQueue queue,
      List<Link> lanes,
      OpenLanes open,
      Account from,
      Account account,
      Account lane) {
    super(from, account);
    this.thread = thread;
    this.queue = queue;
    this.lanes = lanes;
    this.open = open;
    this.lane = lane;
    this.untilRoomy = thread.adaptive(() -> queue.isRoomy() || open.isEmpty());
  }

  @Override
  void start() {
    done = open.isEmpty();
  }

  @Override
  public void push(Object element) {
    if (queue.hasRoom()) {
      account.passed();
      process(element);
    } else {
      from.produced();
      take(element);
    }
  }

  @Override
  void take(Object element) {
    if (!queue.hasRoom()) {
      thread.waitsForOutput(account);
      try {
        thread.awaitRoom(untilRoomy, () -> queue.hasRoom() || open.isEmpty());
      } finally {
        thread.hasOutput();
      }
    }
    done = open.isEmpty();
    if (!done) {
      from.emitted();
      account.received();
      process(element);
    }
  }

  /** An element that no lane takes stays unprocessed, as in any stage. */
  @Override
  void process(Object element) {
    done = open.isEmpty();
    if (!done) {
      account.processed();
      lane.received();
      lane.processed();
      lane.produced();
      queue.put(element);
    }
  }

  @Override
  void end() {
    lanes.forEach(Link::end);
  }
}
