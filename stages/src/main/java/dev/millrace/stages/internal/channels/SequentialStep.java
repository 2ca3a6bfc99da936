package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import dev.millrace.pipeline.transform.Transform.Outcome;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.Unwind;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs a transform, and calls the next step with the elements that it emits. */
class SequentialStep<X extends Transform<Object, Object>> extends Step implements Emitter<Object> {

  final PipelineThread thread;
  private final String name;
  private final Supplier<? extends X> supplier;
  private final FailurePolicy policy;
  final Step next;
  @Nullable X transform;
  private boolean unwound;

  SequentialStep(
      PipelineThread thread,
      String name,
      Supplier<? extends X> supplier,
      FailurePolicy policy,
      Account from,
      Account account,
      Step next) {
    super(from, account);
    this.thread = thread;
    this.name = name;
    this.supplier = supplier;
    this.policy = policy;
    this.next = next;
  }

  @Override
  void start() throws Exception {
    next.start();
    thread.check();
    try {
      transform = supplier.get();
    } catch (Throwable e) {
      throw thread.thrown(e, cause -> Places.stageOpened(name, cause));
    }
    thread.endCall();
    done = next.done || transform.wantsNone();
  }

  final X transform() {
    return Objects.requireNonNull(transform);
  }

  @Override
  final void process(Object element) {
    Outcome outcome;
    try {
      outcome = transform().accept(element, this);
    } catch (Throwable e) {
      thrown(element, e);
      return;
    }
    thread.endCall();
    if (outcome == Outcome.USED) {
      account.processed();
      done = next.done;
    } else {
      ended(outcome);
    }
  }

  private void ended(Outcome outcome) {
    if (outcome.isDropped()) {
      account.dropped();
    } else {
      account.processed();
    }
    done = next.done || outcome.isLast();
  }

  private void thrown(Object element, Throwable e) {
    if (e instanceof Unwind || unwound) { // after the function had emitted a result of the element
      account.processed();
      thread.check();
      done = true;
      return;
    }
    thread.run.failures().thrown(thread, account::failed, name, policy, element, e);
    done = next.done;
  }

  @Override
  public final void emit(Object element) {
    Objects.requireNonNull(element, "a stage emitted null");
    if (next.done || thread.isToldToStop()) {
      account.produced();
      unwound = true;
      throw Unwind.INSTANCE;
    }
    thread.endCall();
    next.push(element);
  }

  @Override
  void end() throws Exception {
    if (!next.done) {
      call(() -> transform().end(this));
      account.leftOver(transform().leftOver());
    }
    next.end();
  }

  /** Calls the transform without an element: an exception stops the run. */
  final void call(PipelineThread.Body body) {
    try {
      body.run();
    } catch (Throwable e) {
      if (!(e instanceof Unwind || unwound)) {
        throw thread.thrown(e, cause -> Places.stageWithoutElement(name, cause));
      }
      thread.check();
    }
    thread.endCall();
    done = next.done;
  }

  @Override
  void close() {
    X opened = transform;
    if (opened != null) {
      thread.close(opened, cause -> Places.stageClosed(name, cause));
    }
    next.close();
  }
}
