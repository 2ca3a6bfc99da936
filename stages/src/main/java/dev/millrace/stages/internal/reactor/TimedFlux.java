package dev.millrace.stages.internal.reactor;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.pipeline.transform.TimedTransform;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

/**
 * A stage that acts when time has passed, and the sequential stages after it, in a thread of their
 * own. One element waits for it.
 */
final class TimedFlux extends ChainFlux {

  TimedFlux(Execution execution, Part input, List<Stage> stages) {
    super(execution, input, stages);
  }

  @Override
  Head head(CoreSubscriber<? super Object> actual) {
    return new Loop(actual);
  }

  /** Calls the stages in a thread of its own. */
  private final class Loop extends Head implements Runnable {
    private final Channel<Object> inbox = Channel.buffered(1);

    private Loop(CoreSubscriber<? super Object> actual) {
      super(actual);
    }

    @Override
    void begin(CoreSubscriber<? super Object> next) {
      gate.subscribe(next);
      upstream.request(1);
      execution.threads().execute(this);
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
    public void run() {
      FusedChain.run(execution, gate, section, stages, upstream::cancel, this::loop);
      upstream.cancel();
    }

    private void loop(FusedChain chain) throws Exception {
      ChainStep first = chain.first();
      var timed = (TimedTransform<?, Object>) first.transform();
      while (!chain.done) {
        if (!gate.isWanted()) {
          return;
        }
        long now = Time.nanoTime();
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
        } else if (inbox.isClosed() && inbox.size() == 0 && gate.isWanted()) {
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
        Time.sleep(Duration.ofNanos(nanos));
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
