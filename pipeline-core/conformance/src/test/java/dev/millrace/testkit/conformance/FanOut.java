package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Spreads elements over lanes. */
final class FanOut {

  /** Where a branch begins, and the account of its first stage. */
  record Lane(Link link, Account account) {}

  private final ReferenceRun<?> run;
  private final Node.FanOut<Object, Object> node;
  private final Account account;
  private final List<Lane> lanes;
  private final Condition room;

  FanOut(
      ReferenceRun<?> run,
      Node.FanOut<Object, Object> node,
      Account account,
      List<Lane> lanes,
      Condition room) {
    this.run = run;
    this.node = node;
    this.account = account;
    this.lanes = lanes;
    this.room = room;
  }

  void start(Worker worker, Function<Worker, @Nullable Object> input, Runnable leave) {
    var wanted = new AtomicInteger(lanes.size());
    for (Lane lane : lanes) {
      lane.link()
          .onLeave(
              () -> {
                if (wanted.decrementAndGet() == 0) {
                  worker.leave();
                }
              });
    }
    run.fork(
        worker,
        each -> {
          try {
            spread(worker, input);
          } finally {
            leave.run();
          }
          lanes.forEach(lane -> lane.link().end());
        });
  }

  private void spread(Worker worker, Function<Worker, @Nullable Object> input) {
    for (Object element; (element = input.apply(worker)) != null; ) {
      boolean isGiven;
      try {
        isGiven =
            switch (node.route()) {
              case BROADCAST -> broadcast(worker, element);
              case BALANCE -> give(worker, awaitIdle(worker), element);
              case PARTITION -> give(worker, ofKey(element), element);
            };
      } catch (Throwable e) {
        run.failures.failed(worker, account, 1, node.name(), node.policy(), element, e);
        continue;
      }
      worker.endCall();
      if (isGiven) {
        account.processed();
      } else {
        account.dropped(); // its lane wants no more
      }
    }
  }

  private boolean broadcast(Worker worker, Object element) {
    boolean isGiven = false;
    for (Lane lane : lanes) {
      isGiven |= give(worker, lane, element);
    }
    return isGiven;
  }

  private Lane ofKey(Object element) {
    Object key = Objects.requireNonNull(node.key()).apply(element);
    int hash = Objects.requireNonNull(key, "the key is null").hashCode();
    return lanes.get(Math.floorMod(hash, lanes.size()));
  }

  private Lane awaitIdle(Worker worker) {
    run.lock.lock();
    try {
      while (true) {
        worker.check();
        for (Lane lane : lanes) {
          if (lane.link().isIdle()) {
            return lane;
          }
        }
        try {
          room.await();
        } catch (InterruptedException e) {
          worker.check();
        }
      }
    } finally {
      run.lock.unlock();
    }
  }

  private static boolean give(Worker worker, Lane lane, Object element) {
    if (lane.link().isLeft()) {
      return false;
    }
    lane.account().received();
    lane.account().processed();
    lane.account().produced();
    return lane.link().put(worker, element, lane.account());
  }
}
