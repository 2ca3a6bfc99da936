package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.run.Keys;
import dev.millrace.stages.internal.run.Unwind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

/** Gives each element to all lanes, or to the lane of its key. */
final class FanOutFlux extends SpreadFlux {

  private final Node.FanOut<Object, Object> node;
  private final List<GatedLane> lanes = new ArrayList<>();
  private final int order;

  /** The thread that computes a key. Written by that thread, read by any. */
  private @Nullable Thread keying;

  FanOutFlux(Execution execution, Part input, Node.FanOut<Object, Object> node, Account account) {
    super(execution, input, account);
    this.node = node;
    this.order = execution.calls().nextOrder();
  }

  @Override
  Lane lane(Account into) {
    var lane = new GatedLane(into);
    lanes.add(lane);
    return lane;
  }

  @Override
  void cancelLanes() {
    lanes.forEach(Lane::cancel);
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    execution.calls().add(order, Calls.function(() -> keying, node.name(), account, null));
    super.subscribe(actual);
  }

  @Override
  void spread(Object element) {
    if (node.key() == null) {
      count(broadcast(element));
    } else {
      partition(element);
    }
  }

  private void count(boolean given) {
    if (given) {
      account.processed();
    } else if (!execution.isStopped() && !isLeft()) {
      account.dropped(); // its lane takes no more
    }
  }

  private boolean broadcast(Object element) {
    boolean given = false;
    for (GatedLane lane : lanes) {
      given |= lane.give(element);
    }
    return given;
  }

  private void partition(Object element) {
    int lane;
    keying = Thread.currentThread();
    try {
      lane = Keys.lane(node.key(), element, lanes.size());
    } catch (Throwable e) {
      failed(e, element);
      return;
    } finally {
      keying = null;
    }
    if (Thread.currentThread().isInterrupted()) {
      execution.forgetInterrupt(!isLeft());
    }
    count(lanes.get(lane).give(element));
  }

  private void failed(Throwable e, Object element) {
    var site = new FailureSite(node.name(), node.policy(), 1);
    try {
      execution.failed(e, site, element, !isLeft(), account);
    } catch (Unwind unwind) {
      // the run is stopped
    }
  }

  @Override
  void complete() {
    lanes.forEach(lane -> lane.gate.complete());
  }

  /** A lane that has room for the elements that its subscriber has requested. */
  private final class GatedLane extends Lane {
    private final Account into;
    private final Gate gate = new Gate(execution, signal, FanOutFlux.this::left);

    private GatedLane(Account into) {
      this.into = into;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Object> actual) {
      gate.subscribe(actual);
    }

    @Override
    void cancel() {
      gate.cancel();
    }

    private boolean isSettled() {
      return gate.isOpen() || gate.isCancelled() || execution.isStopped();
    }

    /**
     * Blocks until there is room; false if the branch takes no more elements, or the run is
     * stopped.
     */
    private boolean give(Object element) {
      if (!isSettled()) {
        account.waitsForOutput();
        signal.await(this::isSettled);
        account.hasOutput();
      }
      if (gate.isCancelled() || execution.isStopped()) {
        return false;
      }
      into.received();
      into.processed();
      into.produced();
      gate.give(element);
      return true;
    }
  }
}
