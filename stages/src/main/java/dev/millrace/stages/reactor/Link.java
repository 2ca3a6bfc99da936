package dev.millrace.stages.reactor;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Emitter;
import dev.millrace.pipeline.graph.Transform;
import org.jspecify.annotations.Nullable;

/** A stage in a {@link Chain}, and what it emits to: the next one, or the gate at the end. */
final class Link implements Emitter<Object> {

  private final Chain chain;
  private final Stage stage;
  private final Account account;
  private final Transform<Object, Object> transform;
  private final @Nullable Link next;
  private final int index;
  private final int times;
  private boolean closed;

  Link(Chain chain, Stage stage, int index, @Nullable Link next) {
    this.chain = chain;
    this.stage = stage;
    this.account = stage.account();
    this.transform = stage.open();
    this.index = index;
    this.times = stage.origin().times();
    this.next = next;
  }

  int index() {
    return index;
  }

  Account account() {
    return account;
  }

  Transform<Object, Object> transform() {
    return transform;
  }

  /** It takes no more elements. */
  void close() {
    closed = true;
  }

  /** An element that the stage has made. */
  @Override
  public void emit(Object element) {
    if (next == null) {
      chain.gate().emit(element, account);
      return;
    }
    if (next.closed) {
      account.produced();
      throw Stop.STOP;
    }
    next.account.passed();
    next.process(element);
  }

  /** Takes an element from outside of the chain, and emits what the stage makes of it. */
  void take(Object element) {
    for (int i = 0; i < times; i++) {
      account.received();
    }
    process(element);
  }

  private void process(Object element) {
    Transform.Outcome outcome;
    try {
      outcome = transform.accept(element, this);
    } catch (Stop stop) {
      processed(); // it has emitted something, which went nowhere, or as far as it could
      throw stop;
    } catch (Throwable e) {
      chain.execution().failures().thrown(e, stage.origin(), element, chain.isWanted(), account);
      return;
    }
    if (outcome == Transform.Outcome.USED) {
      processed();
    } else {
      ended(outcome);
    }
  }

  private void ended(Transform.Outcome outcome) {
    if (outcome.isDropped()) {
      dropped();
    } else {
      processed();
    }
    if (outcome.isLast()) {
      chain.last(this);
    }
  }

  private void processed() {
    for (int i = 0; i < times; i++) {
      account.processed();
    }
  }

  private void dropped() {
    for (int i = 0; i < times; i++) {
      account.dropped();
    }
  }
}
