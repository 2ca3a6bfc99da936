package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.ledger.Ledger;
import dev.millrace.stages.internal.pool.Worker;
import dev.millrace.stages.internal.pool.WorkerPool;
import dev.millrace.stages.internal.run.RunCore;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A worker of a parallel stage, in a thread of its own. */
final class ChannelWorker extends Worker {

  private final PipelineThread thread;
  private final WorkerPool pool;
  private final Node.Parallel<Object, Object> node;
  private final Account account;

  private ChannelWorker(
      PipelineThread thread, WorkerPool pool, Node.Parallel<Object, Object> node, Account account) {
    super(thread.elements);
    this.thread = thread;
    this.pool = pool;
    this.node = node;
    this.account = account;
  }

  /** A pool of such workers between two threads. */
  static WorkerPool pool(
      RunCore<?> run,
      PipelineThread.Threads threads,
      Node.Parallel<Object, Object> node,
      Ledger ledger,
      PipelineThread intake,
      PipelineThread output) {
    return new WorkerPool(
        node,
        new WorkerPool.Sides() {
          @Override
          public void room() {
            intake.room.signalAfterFence();
          }

          @Override
          public void results() {
            output.elements.signalAfterFence();
          }

          @Override
          public void stopIntake() {
            intake.stop();
          }
        },
        pool -> {
          var thread = new PipelineThread(run, threads);
          Account account = ledger.openWorker(node.name());
          thread.addWorker(node.name(), account);
          return new ChannelWorker(thread, pool, node, account);
        });
  }

  @Override
  protected void start() {
    thread.start(() -> pool.work(this));
  }

  @Override
  protected @Nullable Object apply(Object element) {
    thread.check();
    account.begun();
    Object result;
    try {
      result = Objects.requireNonNull(node.function().apply(element), "the function returned null");
    } catch (Throwable e) {
      thread.run.failures().thrown(thread, account::failed, node.name(), node.policy(), element, e);
      return null;
    }
    thread.endCall();
    account.processed();
    account.produced();
    return result;
  }

  @Override
  protected void check() {
    thread.check();
  }

  @Override
  protected void stop() {
    thread.stop();
  }
}
