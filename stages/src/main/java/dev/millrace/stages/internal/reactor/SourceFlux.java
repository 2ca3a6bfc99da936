package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Node;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.SourceReader;
import dev.millrace.stages.internal.wait.Signal;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/** A source, and the sequential stages after it, in a thread of their own. */
final class SourceFlux extends Flux<Object> {

  private final Execution execution;
  private final Node.From<?> node;
  private final List<Stage> stages;
  private final int order;

  /**
   * The flux of a source.
   *
   * @param stages the first one stands for the source
   */
  SourceFlux(Execution execution, Node.From<?> node, List<Stage> stages) {
    this.execution = execution;
    this.node = node;
    this.stages = stages;
    this.order = execution.calls().nextOrder();
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    var reader = new Reader();
    execution.calls().add(order, reader::call);
    execution.calls().add(order, Calls.chain(reader.section, stages));
    reader.gate.subscribe(actual);
    execution.threads().execute(reader::run);
  }

  /** Reads the source. */
  private final class Reader extends SourceReader {

    private final Section section = new Section(execution.interrupts());
    private final Gate gate = new Gate(execution, new Signal(), section::cancel);

    /** Of the reading thread. */
    @SuppressWarnings("NullAway.Init") // by read, which comes first
    private FusedChain chain;

    Reader() {
      super(execution.run(), node, stages.getFirst().account());
    }

    private void run() {
      FusedChain.run(execution, gate, section, stages, () -> {}, this::read);
    }

    private void read(FusedChain chain) {
      this.chain = chain;
      try {
        readAll(this::isLeft, chain, chain);
      } catch (Throwable e) { // before the close, which may fail as well
        execution.thrown(e, !gate.isCancelled());
      } finally {
        release();
      }
      if (!chain.done && gate.isWanted()) {
        chain.end();
      }
    }

    /** Whether the elements have no taker, or it is decided how the run ends. */
    private boolean isLeft() {
      return gate.isCancelled() || execution.isOver();
    }

    @Override
    protected synchronized void forgetInterrupt() {
      execution.forgetInterrupt(!gate.isCancelled());
    }

    @Override
    protected synchronized void interruptIf(Thread reading, BooleanSupplier condition) {
      if (condition.getAsBoolean()) {
        execution.interrupts().interrupt(reading, Interrupts.Reason.UNWANTED);
      }
    }

    @Override
    protected @Nullable Chain chain(boolean define) {
      return chain.first().chainAfter(define);
    }

    @Override
    protected void close(AutoCloseable resource, Function<? super Throwable, String> text) {
      execution.close(resource, text);
    }
  }
}
