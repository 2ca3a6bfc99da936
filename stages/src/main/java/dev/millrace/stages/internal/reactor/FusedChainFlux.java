package dev.millrace.stages.internal.reactor;

import java.util.List;
import reactor.core.CoreSubscriber;

/**
 * Sequential stages after a flux, in whatever thread its elements come.
 *
 * <p>The chain requests all elements at once: only the duration of the calls slows the flux.
 */
final class FusedChainFlux extends ChainFlux {

  FusedChainFlux(Execution execution, Part input, List<Stage> stages) {
    super(execution, input, stages);
  }

  @Override
  Head head(CoreSubscriber<? super Object> actual) {
    return new Caller(actual);
  }

  /** Calls the stages in the thread that brings an element. */
  private final class Caller extends Head {

    @SuppressWarnings("NullAway.Init") // by begin, which comes first
    private FusedChain chain;

    private Caller(CoreSubscriber<? super Object> actual) {
      super(actual);
    }

    @Override
    void begin(CoreSubscriber<? super Object> next) {
      try {
        chain = new FusedChain(execution, gate, stages, upstream::cancel);
      } catch (Throwable e) {
        upstream.cancel();
        execution.thrown(e, true);
        return;
      }
      gate.subscribe(next);
      if (chain.wantsNone()) {
        upstream.cancel();
        // Not here: it may have to wait for a request, which may come from this very thread.
        execution.threads().execute(() -> run(chain::endWithoutInput));
      } else {
        upstream.request(Long.MAX_VALUE);
      }
    }

    @Override
    public void onNext(Object element) {
      if (chain.done) {
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
      if (!chain.done) {
        run(chain::end);
      }
    }
  }
}
