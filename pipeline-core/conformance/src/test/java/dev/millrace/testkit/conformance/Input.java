package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import org.jspecify.annotations.Nullable;

/** The side of the stage that takes from an output. For one thread. */
final class Input {

  /** The hand-over from a stage to the next one. */
  record Output(Link link, Node<?> node) {}

  private final ReferenceRun<?> run;
  private final Link link;
  private final Node<?> node;
  private final Account from;
  private final Account to;

  Input(ReferenceRun<?> run, Output output, Account to) {
    this.run = run;
    this.link = output.link();
    this.node = output.node();
    this.from = run.ledger.open(node.name());
    this.to = to;
  }

  @Nullable Object take(Worker worker) {
    return take(worker, Long.MAX_VALUE);
  }

  @Nullable Object take(Worker worker, long until) {
    Object element = link.take(worker, to, until);
    if (element != null && element != Link.LATE) {
      if (node instanceof Node.Buffer<?>) { // an element is processed by a buffer when it leaves
        from.processed();
        from.produced();
      }
      from.emitted();
      synchronized (to) {
        if (!run.has(Defect.MISCOUNTS_RECEIVED)) {
          to.received();
        }
      }
    }
    return element;
  }

  /** Waits for an element; whether there is one. */
  boolean awaitElement(Worker worker) {
    return link.awaitElement(worker, to);
  }

  void leave() {
    link.leave();
  }
}
