package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.Node.Order;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.ledger.Ledger;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs a function for many elements at once: in a thread for each of them. */
final class Parallel {

  /** An element on its way, with the one of the same key, or in the same order, before it. */
  private static final class Job {
    final Object element;
    @Nullable Job before; // until it is done
    final boolean isFirst;
    final CountDownLatch done = new CountDownLatch(1);

    Job(Object element, @Nullable Job before, boolean isFirst) {
      this.element = element;
      this.before = before;
      this.isFirst = isFirst;
    }
  }

  /** That they wait for room is not reported. */
  private static final Account WAITING = new Ledger().open("waiting");

  private final ReferenceRun<?> run;
  private final Node.Parallel<Object, Object> node;
  private final Account account;
  private final Function<Worker, @Nullable Object> input;
  private final Runnable leave;
  private final Link output;
  private final int parallelism;
  private final Semaphore permits;
  private final Map<Object, Job> latest = new HashMap<>();

  /** An engine that forgets the order keeps its first result until another one has overtaken it. */
  private final CountDownLatch overtaken;

  Parallel(
      ReferenceRun<?> run,
      Node.Parallel<Object, Object> node,
      Account account,
      Function<Worker, @Nullable Object> input,
      Runnable leave,
      Link output) {
    this.run = run;
    this.node = node;
    this.account = account;
    this.input = input;
    this.leave = leave;
    this.output = output;
    this.parallelism = run.has(Defect.RUNS_ONE_AT_A_TIME) ? 1 : node.parallelism();
    this.permits = new Semaphore(parallelism);
    this.overtaken = new CountDownLatch(forgetsTheOrder() ? 1 : 0);
  }

  void start() {
    var worker = new Worker(node.name());
    output.addWriter(worker);
    run.fork(worker, this::dispatch);
  }

  private boolean forgetsTheOrder() {
    return node.order() == Order.INPUT
        && (run.has(Defect.FORGETS_THE_ORDER) || run.has(Defect.FORGETS_THE_ORDER_AFTER_FAILURES));
  }

  private void dispatch(Worker worker) throws Exception {
    try {
      while (true) {
        permits.acquire();
        Object element = input.apply(worker);
        if (element == null) {
          permits.release();
          break;
        }
        dispatch(worker, element);
      }
      permits.acquire(parallelism);
    } finally {
      leave.run();
    }
    output.end();
  }

  private void dispatch(Worker dispatcher, Object element) throws InterruptedException {
    Object key;
    try {
      if (node.order() == Order.KEY) {
        begun(); // the key is a function of the stage as well
      }
      key = node.order() == Order.KEY ? key(element) : this;
      dispatcher.endCall();
    } catch (Throwable e) {
      try {
        run.failures.failed(dispatcher, account, 1, node.name(), node.policy(), element, e);
      } finally {
        permits.release();
      }
      return;
    }
    boolean forgets =
        switch (node.order()) {
          case INPUT -> run.has(Defect.FORGETS_THE_ORDER);
          case COMPLETION -> true;
          case KEY -> run.has(Defect.FORGETS_THE_ORDER_OF_KEYS);
        };
    Job before = latest.get(key);
    var job = new Job(element, forgets ? null : before, latest.isEmpty());
    latest.put(key, job);
    var worker = new Worker(node.name());
    output.addWriter(worker);
    run.fork(worker, each -> work(each, job));
    if (node.order() == Order.KEY && forgets && before != null && before.done.getCount() > 0) {
      job.done.await(); // it is done while the one before it of the same key is not
    }
  }

  private void begun() {
    synchronized (account) {
      account.begun();
    }
  }

  private Object key(Object element) {
    Object key = Objects.requireNonNull(node.key()).apply(element);
    return Objects.requireNonNull(key, "the key is null");
  }

  private void work(Worker worker, Job job) throws InterruptedException {
    try {
      worker.check();
      if (node.order() == Order.KEY) {
        awaitOneBefore(job);
      }
      if (node.order() != Order.KEY) {
        begun();
      }
      Object result = Objects.requireNonNull(node.function().apply(job.element), "null");
      worker.endCall();
      synchronized (account) {
        account.processed();
        account.produced();
      }
      if (node.order() == Order.INPUT) {
        awaitOneBefore(job);
      }
      if (job.isFirst) {
        overtaken.await();
      }
      put(worker, result);
      overtaken.countDown();
    } catch (Throwable e) {
      run.failures.failed(worker, account, 1, node.name(), node.policy(), job.element, e);
      if (!run.has(Defect.FORGETS_THE_ORDER_AFTER_FAILURES)) {
        awaitOneBefore(job); // or those after it would not wait for that
      }
    } finally {
      output.removeWriter(worker);
      job.done.countDown();
      permits.release();
    }
  }

  private static void awaitOneBefore(Job job) throws InterruptedException {
    if (job.before != null) {
      job.before.done.await();
      job.before = null;
    }
  }

  private void put(Worker worker, Object result) {
    if (!output.put(worker, result, WAITING)) {
      throw new Stopped();
    }
  }
}
