package dev.millrace.testkit.conformance;

import dev.millrace.errors.Descriptions;
import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** A stage that handles one element after the other, in one thread. */
final class OneByOne {

  private final ReferenceRun<?> run;
  private final Account account;
  private final Input input;
  private final Link output;

  OneByOne(ReferenceRun<?> run, Account account, Input input, Link output) {
    this.run = run;
    this.account = account;
    this.input = input;
    this.output = output;
  }

  /** Handles all elements, leaves the input, and ends the output. */
  void sequential(Worker worker, Node.Sequential<Object, Object> node) throws Exception {
    Transform<Object, Object> transform = transformOf(node);
    try {
      Emitter<Object> out = emitter(worker);
      boolean isLast = transform.wantsNone();
      for (Object element; !isLast && (element = input.take(worker)) != null; ) {
        isLast = accept(worker, node, transform, element, out);
      }
      worker.check();
      if (!run.has(Defect.STOPS_NOTHING_BEFORE_A_TAKE)) {
        input.leave();
      }
      transform.end(out);
      if (!run.has(Defect.MISCOUNTS_LEFT_OVER)) {
        account.leftOver(transform.leftOver());
      }
    } finally {
      close(worker, transform);
      if (!run.has(Defect.STOPS_NOTHING_BEFORE_A_TAKE)) {
        input.leave();
      }
    }
    output.end();
  }

  /**
   * Handles all elements, and the times at which the stage wants to wake up. The caller leaves the
   * input, and ends the output.
   */
  void timed(Worker worker, Node.Timed<Object, Object> node) throws Exception {
    Emitter<Object> out = emitter(worker);
    TimedTransform<Object, Object> transform = node.transform().get();
    try {
      for (boolean isLast = transform.wantsNone(); !isLast; ) {
        sleepUntil(transform.acceptAt());
        long wakeAt = run.has(Defect.FORGETS_THE_TIME) ? Long.MAX_VALUE : transform.wakeAt();
        boolean isDue = wakeAt != Long.MAX_VALUE && wakeAt - System.nanoTime() <= 0;
        Object element = isDue ? Link.LATE : input.take(worker, wakeAt);
        if (element == null) {
          break;
        }
        if (element == Link.LATE) {
          transform.elapsed(System.nanoTime(), out);
          isLast = transform.wantsNone();
        } else {
          isLast = accept(worker, node, transform, element, out);
        }
      }
      worker.check();
      transform.end(out);
    } finally {
      close(worker, transform);
    }
  }

  private Emitter<Object> emitter(Worker worker) {
    var count = new AtomicInteger();
    return element -> {
      worker.endCall();
      int n = count.incrementAndGet();
      if (n == 3 && run.has(Defect.LOSES_AN_ELEMENT)) {
        return;
      }
      account.produced();
      if (!output.put(worker, element, account)) {
        throw new Stopped();
      }
      if (n == 3 && run.has(Defect.DOUBLES_AN_ELEMENT)) {
        account.produced();
        output.put(worker, element, account);
      }
    };
  }

  private Transform<Object, Object> transformOf(Node.Sequential<Object, Object> node) {
    try {
      return node.transform().get();
    } catch (Throwable e) {
      run.fail(
          e,
          "stage '%s' failed when it was opened: %s"
              .formatted(node.name(), Descriptions.ofCause(e)));
      throw new Stopped();
    }
  }

  private void close(Worker worker, Transform<?, ?> transform) {
    worker.shield();
    try {
      if (!run.has(Defect.LEAVES_TRANSFORMS_OPEN)) {
        transform.close();
      }
      if (run.has(Defect.CLOSES_TRANSFORMS_TWICE)) {
        transform.close();
      }
    } catch (Throwable e) {
      run.fail(e);
    }
  }

  private boolean accept(
      Worker worker,
      Node<Object> node,
      Transform<Object, Object> transform,
      Object element,
      Emitter<Object> out) {
    var policy =
        node instanceof Node.Timed<?, ?> timed
            ? timed.policy()
            : ((Node.Sequential<?, ?>) node).policy();
    try {
      Transform.Outcome outcome = transform.accept(element, out);
      worker.endCall();
      if (!outcome.isDropped()) {
        account.processed();
      } else if (!run.has(Defect.MISCOUNTS_DROPPED)) {
        account.dropped();
      }
      return outcome.isLast();
    } catch (Throwable e) {
      run.failures.failed(worker, account, 1, node.name(), policy, element, e);
      return false;
    }
  }

  /** No stage of the library wants to wait longer than until it acts. */
  private static void sleepUntil(long instant) throws InterruptedException {
    if (instant != Long.MIN_VALUE && instant - System.nanoTime() > 0) {
      Thread.sleep(Duration.ofNanos(instant - System.nanoTime()));
    }
  }
}
