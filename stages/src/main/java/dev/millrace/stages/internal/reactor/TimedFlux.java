package dev.millrace.stages.internal.reactor;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.TimedTransform;
import dev.millrace.stages.internal.wait.Signal;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * A stage that acts when time has passed, and the sequential stages after it, in a thread of their
 * own. One element waits for it.
 */
final class TimedFlux extends Flux<Object> {

  private final Execution execution;
  private final Part input;
  private final List<Stage> stages;
  private final int order;

  TimedFlux(Execution execution, Part input, List<Stage> stages) {
    this.execution = execution;
    this.input = input;
    this.stages = stages;
    this.order = execution.calls().nextOrder();
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    var part = new Loop(actual);
    execution.calls().add(order, Calls.chain(part.section, stages));
    input.flux().subscribe(part);
  }

  private final class Loop implements CoreSubscriber<Object>, Runnable {
    private final CoreSubscriber<? super Object> actual;
    private final Gate gate = new Gate(execution, new Signal(), this::cancelled);
    private final Section section = new Section(execution.interrupts());
    private final Runnable tap = input.tap();
    private final Channel<Object> inbox = Channel.buffered(1);

    @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
    private Subscription upstream;

    private Loop(CoreSubscriber<? super Object> actual) {
      this.actual = actual;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      if (Operators.validate(upstream, subscription)) {
        upstream = subscription;
        gate.subscribe(actual);
        subscription.request(1);
        execution.threads().execute(this);
      }
    }

    @Override
    public void onNext(Object element) {
      if (!inbox.trySend(element)) {
        execution.fail(new IllegalStateException("an element came that was not asked for"));
      }
    }

    @Override
    public void onComplete() {
      inbox.close();
    }

    @Override
    public void onError(Throwable failure) {
      execution.fail(failure);
    }

    private void cancelled() {
      section.cancel();
      upstream.cancel();
    }

    private boolean isWanted() {
      return !gate.isCancelled() && !execution.isStopped();
    }

    @Override
    public void run() {
      section.enter();
      try {
        var chain = new FusedChain(execution, gate, stages, upstream::cancel);
        try {
          if (chain.wantsNone()) {
            upstream.cancel();
            chain.endWithoutInput();
          } else {
            loop(chain);
          }
        } finally {
          chain.closeIfDone();
        }
      } catch (Throwable e) {
        execution.thrown(e, !gate.isCancelled());
      } finally {
        section.leave();
        upstream.cancel();
      }
    }

    private void loop(FusedChain chain) throws Exception {
      ChainStep first = chain.first();
      var timed = (TimedTransform<?, Object>) first.transform();
      while (!chain.isDone()) {
        if (!isWanted()) {
          return;
        }
        long now = System.nanoTime();
        long wake = left(timed.wakeAt(), now, TimedTransform.NEVER);
        if (wake <= 0) {
          first.elapsed(now);
          if (timed.wantsNone()) {
            chain.last(first);
          }
          continue;
        }
        long closed = left(timed.acceptAt(), now, Long.MIN_VALUE);
        if (closed > 0 && closed != Long.MAX_VALUE) {
          sleep(Math.min(closed, wake));
          continue;
        }
        Object element = receive(wake, first.account());
        if (element != null) {
          tap.run();
          upstream.request(1);
          first.take(element);
        } else if (inbox.isClosed() && inbox.size() == 0 && isWanted()) {
          chain.end();
          return;
        }
      }
    }

    /** How long until then; for ever, if it is {@code none}. */
    private static long left(long instant, long now, long none) {
      return instant == none ? Long.MAX_VALUE : instant - now;
    }

    private void sleep(long nanos) {
      try {
        Thread.sleep(Duration.ofNanos(nanos));
      } catch (InterruptedException e) {
        // the loop looks why
      }
    }

    private @Nullable Object receive(long nanos, Account account) {
      try {
        Object ready = inbox.tryReceive();
        return ready == null ? await(nanos, account) : ready;
      } catch (ChannelClosedException | InterruptedException e) {
        return null; // the loop looks why
      }
    }

    private @Nullable Object await(long nanos, Account account) throws InterruptedException {
      account.waitsForInput();
      try {
        return nanos == Long.MAX_VALUE
            ? inbox.receiveOrNull()
            : inbox.tryReceive(Duration.ofNanos(nanos));
      } finally {
        account.hasInput();
      }
    }
  }
}
