package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Ledger;
import dev.millrace.pipeline.graph.Node;
import dev.millrace.stages.internal.Crew;
import dev.millrace.stages.internal.run.RunCore;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A worker of a parallel stage, in a strand of its own. */
final class Worker extends Crew.Worker {

  private final Strand strand;
  private final Crew crew;
  private final Node.Parallel<Object, Object> node;
  private final Account account;

  private Worker(Strand strand, Crew crew, Node.Parallel<Object, Object> node, Account account) {
    this.strand = strand;
    this.crew = crew;
    this.node = node;
    this.account = account;
  }

  /** A crew of such workers between two strands. */
  static Crew crew(
      RunCore<?> run,
      Strand.Threads threads,
      Node.Parallel<Object, Object> node,
      Ledger ledger,
      Strand intake,
      Strand output) {
    return new Crew(
        node,
        new Crew.Sides() {
          @Override
          public void room() {
            intake.wakeForRoom();
          }

          @Override
          public void results() {
            output.wakeForElement();
          }

          @Override
          public void stopIntake() {
            intake.stop();
          }
        },
        crew -> {
          var strand = new Strand(run, threads);
          Account account = ledger.openWorker(node.name());
          strand.addStage(node.name(), account);
          return new Worker(strand, crew, node, account);
        });
  }

  @Override
  protected void start() {
    strand.start(() -> work(crew));
  }

  @Override
  protected @Nullable Object apply(Object element) {
    strand.check();
    account.begun();
    Object result;
    try {
      result = Objects.requireNonNull(node.function().apply(element), "the function returned null");
    } catch (Throwable e) {
      strand.run.failures().thrown(strand, account::failed, node.name(), node.policy(), element, e);
      return null;
    }
    strand.endCall();
    account.processed();
    account.produced();
    return result;
  }

  @Override
  protected void park() {
    strand.awaitsElement = true;
    if (isIdle()) {
      strand.parkForElement();
    }
    strand.awaitsElement = false;
  }

  @Override
  protected void wake() {
    strand.wake();
  }

  @Override
  protected void stop() {
    strand.stop();
  }
}
