package dev.millrace.stages.internal.reactor;

import dev.millrace.stages.internal.wait.Signal;
import java.util.List;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * Sequential stages after a flux, in whatever thread its elements come.
 *
 * <p>It asks for all of them: what slows the flux is that a call takes its time.
 */
final class FusedChainFlux extends Flux<Object> {

  private final Execution execution;
  private final Part input;
  private final List<Stage> stages;
  private final int order;

  FusedChainFlux(Execution execution, Part input, List<Stage> stages) {
    this.execution = execution;
    this.input = input;
    this.stages = stages;
    this.order = execution.calls().nextOrder();
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    var part = new Head(actual);
    execution.calls().add(order, Calls.chain(part.section, stages));
    input.flux().subscribe(part);
  }

  private final class Head implements CoreSubscriber<Object> {
    private final CoreSubscriber<? super Object> actual;
    private final Gate gate = new Gate(execution, new Signal(), this::cancelled);
    private final Section section = new Section(execution.interrupts());
    private final Runnable tap = input.tap();

    @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
    private Subscription upstream;

    @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
    private FusedChain chain;

    private Head(CoreSubscriber<? super Object> actual) {
      this.actual = actual;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      if (!Operators.validate(upstream, subscription)) {
        return;
      }
      upstream = subscription;
      try {
        chain = new FusedChain(execution, gate, stages, subscription::cancel);
      } catch (Throwable e) {
        subscription.cancel();
        execution.thrown(e, true);
        return;
      }
      gate.subscribe(actual);
      if (chain.wantsNone()) {
        subscription.cancel();
        // Not here: it may have to wait for a request, which may come from this very thread.
        execution.threads().execute(() -> run(chain::endWithoutInput));
      } else {
        subscription.request(Long.MAX_VALUE);
      }
    }

    private void cancelled() {
      section.cancel();
      upstream.cancel();
    }

    @Override
    public void onNext(Object element) {
      if (chain.isDone()) {
        return;
      }
      boolean wanted = section.enter();
      try {
        if (wanted && !execution.isStopped()) {
          tap.run();
          chain.first().take(element);
        }
      } catch (Throwable e) {
        execution.thrown(e, true);
        upstream.cancel();
      } finally {
        section.leave();
        chain.closeIfDone();
      }
    }

    private void run(Runnable end) {
      boolean wanted = section.enter();
      try {
        if (wanted && !execution.isStopped()) {
          end.run();
        }
      } catch (Throwable e) {
        execution.thrown(e, true);
      } finally {
        section.leave();
        chain.closeIfDone();
      }
    }

    @Override
    public void onComplete() {
      if (!chain.isDone()) {
        run(chain::end);
      }
    }

    @Override
    public void onError(Throwable failure) {
      execution.fail(failure);
    }
  }
}
