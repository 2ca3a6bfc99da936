package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Node;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Applies the function of a parallel stage to one element after the other. */
final class Worker implements Strand.Body {

  final Strand strand;
  private final Crew crew;
  private final Node.Parallel<Object, Object> node;
  private final Account account;

  /** Whether it waits for a job; guarded by the crew's lock, but may be read. */
  volatile boolean idle;

  /** Whether it has a thread; of whoever wakes it, which is one at a time. */
  boolean started;

  Worker(Strand strand, Crew crew, Node.Parallel<Object, Object> node, Account account) {
    this.strand = strand;
    this.crew = crew;
    this.node = node;
    this.account = account;
  }

  @Override
  public void run() {
    Crew.Job job = crew.take(this);
    while (job != null) {
      strand.check();
      job = crew.next(this, job, apply(Objects.requireNonNull(job.element)));
    }
  }

  /** The result; null if the element has failed. */
  private @Nullable Object apply(Object element) {
    Object result;
    try {
      result = Objects.requireNonNull(node.function().apply(element), "the function returned null");
    } catch (Throwable e) {
      strand.run.failures.thrown(strand, account::failed, node.name(), node.policy(), element, e);
      return null;
    }
    account.processed();
    account.produced();
    return result;
  }
}
