package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.Transform;
import dev.millrace.pipeline.graph.Transform.Outcome;
import dev.millrace.stages.internal.run.Places;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs a transform, and calls the next step with what that emits. */
class SequentialStep<X extends Transform<Object, Object>> extends Step implements Emitter<Object> {

  final Strand strand;
  private final String name;
  private final Supplier<? extends X> supplier;
  private final FailurePolicy policy;
  final Step next;
  @Nullable X transform;
  private boolean unwound;

  SequentialStep(
      Strand strand,
      String name,
      Supplier<? extends X> supplier,
      FailurePolicy policy,
      Account from,
      Account account,
      Step next) {
    super(from, account);
    this.strand = strand;
    this.name = name;
    this.supplier = supplier;
    this.policy = policy;
    this.next = next;
  }

  @Override
  void start() throws Exception {
    next.start();
    strand.check();
    try {
      transform = supplier.get();
    } catch (Throwable e) {
      throw strand.thrown(e, cause -> Places.stageOpened(name, cause));
    }
    strand.endCall();
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
    strand.endCall();
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
    if (e instanceof Unwind || unwound) { // after the function had made something of the element
      account.processed();
      strand.check();
      done = true;
      return;
    }
    strand.run.failures().thrown(strand, account::failed, name, policy, element, e);
    done = next.done;
  }

  @Override
  public final void emit(Object element) {
    Objects.requireNonNull(element, "a stage emitted null");
    if (next.done || strand.isToldToStop()) {
      account.produced();
      unwound = true;
      throw Unwind.INSTANCE;
    }
    strand.endCall();
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

  /** Calls the transform without an element: what it throws stops the run. */
  final void call(Strand.Body body) {
    try {
      body.run();
    } catch (Throwable e) {
      if (!(e instanceof Unwind || unwound)) {
        throw strand.thrown(e, cause -> Places.stageWithoutElement(name, cause));
      }
      strand.check();
    }
    strand.endCall();
    done = next.done;
  }

  @Override
  void close() {
    X opened = transform;
    if (opened != null) {
      strand.close(opened, cause -> Places.stageClosed(name, cause));
    }
    next.close();
  }
}
