package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.pool.WorkerPool;
import dev.millrace.stages.internal.run.Keys;
import dev.millrace.stages.internal.wait.WaitStrategy;

/** Brings elements to the workers of a parallel stage. */
final class PoolStep extends Step {

  private final PipelineThread thread;
  private final WorkerPool pool;
  private final WaitStrategy untilRoomy;
  private final Node.Parallel<Object, Object> node;

  PoolStep(
      PipelineThread thread,
      WorkerPool pool,
      Node.Parallel<Object, Object> node,
      Account from,
      Account account) {
    super(from, account);
    this.thread = thread;
    this.pool = pool;
    this.untilRoomy = thread.adaptive(pool::isRoomy);
    this.node = node;
  }

  @Override
  void start() {
    done = pool.isFinished();
  }

  @Override
  public void push(Object element) {
    if (pool.hasRoom()) {
      account.passed();
      process(element);
    } else {
      from.produced();
      take(element);
    }
  }

  @Override
  void take(Object element) {
    if (!pool.hasRoom()) {
      thread.waitsForOutput(pool.isHeldUpByOutput() ? null : account);
      try {
        thread.awaitRoom(untilRoomy, pool::hasRoom);
      } finally {
        thread.hasOutput();
      }
    }
    from.emitted();
    account.received();
    process(element);
  }

  @Override
  void process(Object element) {
    Object key;
    try {
      key = Keys.of(node.key(), element);
    } catch (Throwable e) {
      thread.run.failures().thrown(thread, account::failed, node.name(), node.policy(), element, e);
      return;
    }
    thread.endCall();
    pool.put(element, key);
  }

  @Override
  void end() {
    pool.end();
  }
}
