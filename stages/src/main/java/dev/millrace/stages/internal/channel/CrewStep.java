package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Node;
import dev.millrace.stages.internal.Crew;
import java.lang.invoke.VarHandle;

/** Brings elements to the workers of a parallel stage. */
final class CrewStep extends Step {

  private final Strand strand;
  private final Crew crew;
  private final Patience patience;
  private final Node.Parallel<Object, Object> node;

  CrewStep(
      Strand strand, Crew crew, Node.Parallel<Object, Object> node, Account from, Account account) {
    super(from, account);
    this.strand = strand;
    this.crew = crew;
    this.patience = new Patience(strand.threads, crew::isRoomy);
    this.node = node;
  }

  @Override
  void start() {
    done = crew.isFinished();
  }

  @Override
  void push(Object element) {
    if (crew.hasRoom()) {
      account.passed();
      process(element);
    } else {
      from.produced();
      take(element);
    }
  }

  @Override
  void take(Object element) {
    if (!crew.hasRoom()) {
      strand.waitsForOutput(account);
      try {
        awaitRoom();
      } finally {
        strand.hasOutput();
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
      key = Crew.key(node, element);
    } catch (Throwable e) {
      strand.run.failures().thrown(strand, account::failed, node.name(), node.policy(), element, e);
      return;
    }
    strand.endCall();
    crew.put(element, key);
  }

  private void awaitRoom() {
    patience.await();
    try {
      while (true) {
        strand.awaitsRoom = true;
        VarHandle.fullFence();
        if (crew.hasRoom()) {
          return;
        }
        strand.parkForRoom();
      }
    } finally {
      strand.awaitsRoom = false;
    }
  }

  @Override
  void end() {
    crew.end();
  }

  @Override
  void close() {}
}
