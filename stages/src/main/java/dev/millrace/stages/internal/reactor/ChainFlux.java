package dev.millrace.stages.internal.reactor;

import dev.millrace.stages.internal.wait.Signal;
import java.util.List;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/** Sequential stages after another flux. A subclass decides in which thread they run. */
abstract class ChainFlux extends Flux<Object> {

  final Execution execution;
  final List<Stage> stages;
  private final Part input;
  private final int order;

  ChainFlux(Execution execution, Part input, List<Stage> stages) {
    this.execution = execution;
    this.input = input;
    this.stages = stages;
    this.order = execution.calls().nextOrder();
  }

  /** The subscriber of the flux before. */
  abstract Head head(CoreSubscriber<? super Object> actual);

  @Override
  public final void subscribe(CoreSubscriber<? super Object> actual) {
    Head head = head(actual);
    execution.calls().add(order, Calls.chain(head.section, stages));
    input.flux().subscribe(head);
  }

  /** Takes the elements of the flux before. */
  abstract class Head implements CoreSubscriber<Object> {
    final Gate gate = new Gate(execution, new Signal(), this::cancelled);
    final Section section = new Section(execution.interrupts());
    final Runnable tap = input.tap();
    private final CoreSubscriber<? super Object> actual;

    @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
    Subscription upstream;

    Head(CoreSubscriber<? super Object> actual) {
      this.actual = actual;
    }

    @Override
    public final void onSubscribe(Subscription subscription) {
      if (Operators.validate(upstream, subscription)) {
        upstream = subscription;
        begin(actual);
      }
    }

    /** The flux before is subscribed to. Subscribes the next stage to the gate. */
    abstract void begin(CoreSubscriber<? super Object> next);

    private void cancelled() {
      section.cancel();
      upstream.cancel();
    }

    @Override
    public final void onError(Throwable failure) {
      execution.fail(failure);
    }
  }
}
