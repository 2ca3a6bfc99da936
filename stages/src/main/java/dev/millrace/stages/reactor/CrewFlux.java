package dev.millrace.stages.reactor;

import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Node;
import dev.millrace.stages.internal.Crew;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * A parallel stage: the elements go to workers, in threads of the run, and their results come in a
 * thread of their own.
 *
 * <p>Reactor's {@code runOn} gives each element to a rail, behind one that may block there; its
 * {@code flatMap} needs an inner flux for each element, and a thread woken for each.
 */
final class CrewFlux extends Flux<Object> {

  private final Execution execution;
  private final Node.Parallel<Object, Object> node;
  private final Part input;
  private final Account incoming;

  CrewFlux(Execution execution, Node.Parallel<Object, Object> node, Part input) {
    this.execution = execution;
    this.node = node;
    this.input = input;
    this.incoming = execution.ledger().open(node.name());
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    input.flux().subscribe(new Floor(actual));
  }

  /** Where they work: the subscriber to the input, and the gate for the results. */
  private final class Floor implements CoreSubscriber<Object>, Crew.Sides {
    private final CoreSubscriber<? super Object> actual;
    private final Spot spot = new Spot();
    private final Gate gate = new Gate(execution, spot, this::cancelled);
    private final Crew crew = new Crew(node, this, Hand::new);
    private final Origin origin = new Origin(node.name(), node.policy(), 1);
    private final Runnable tap = input.tap();
    private final AtomicLong asked = new AtomicLong();

    @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
    private Subscription upstream;

    private Floor(CoreSubscriber<? super Object> actual) {
      this.actual = actual;
    }

    // The input

    @Override
    public void onSubscribe(Subscription subscription) {
      if (Operators.validate(upstream, subscription)) {
        upstream = subscription;
        gate.subscribe(actual);
        execution.workers().execute(this::deliver);
        asked.set(crew.bound());
        subscription.request(crew.bound());
      }
    }

    @Override
    public void onNext(Object element) {
      if (execution.isStopped() || gate.isCancelled()) {
        return;
      }
      tap.run();
      incoming.received();
      Object key;
      try {
        key = Crew.key(node, element);
      } catch (Throwable e) {
        keyFailed(e, element);
        return;
      }
      if (Thread.currentThread().isInterrupted()) {
        execution.forgetInterrupt(!gate.isCancelled());
      }
      crew.put(element, key);
    }

    private void keyFailed(Throwable e, Object element) {
      try {
        execution.failed(e, origin, element, !gate.isCancelled(), incoming);
        asked.decrementAndGet(); // it is not inside
        room();
      } catch (Stop stop) {
        // nobody waits for what comes
      }
    }

    @Override
    public void room() {
      long now;
      long more;
      do {
        now = asked.get();
        more = crew.bound() + crew.left() - now;
        if (more < crew.batch()) {
          return;
        }
      } while (!asked.compareAndSet(now, now + more));
      upstream.request(more);
    }

    @Override
    public void onComplete() {
      crew.end();
    }

    @Override
    public void onError(Throwable failure) {
      execution.fail(failure);
    }

    @Override
    public void stopIntake() {
      upstream.cancel();
    }

    // The output

    @Override
    public void results() {
      spot.signal();
    }

    private boolean isWanted() {
      return !gate.isCancelled() && !execution.isStopped();
    }

    private void deliver() {
      try {
        while (isWanted() && !crew.isExhausted()) {
          Object result = crew.poll();
          if (result == null) {
            awaitResult();
          } else {
            give(result);
          }
        }
        if (isWanted()) {
          gate.complete();
        }
      } finally {
        crew.finish();
      }
    }

    private void awaitResult() {
      for (int i = 0; i < Crew.YIELDS && !crew.isReady(); i++) {
        Thread.yield(); // there may be one meanwhile, which is cheaper than parking
      }
      spot.await(() -> !crew.awaitsResult() || !isWanted());
      crew.hasResult();
    }

    private void give(Object result) {
      if (!gate.isOpen()) {
        spot.await(() -> gate.isOpen() || !isWanted());
      }
      if (isWanted()) {
        gate.give(result);
      }
    }

    private void cancelled() {
      crew.finish();
    }

    /** One of the workers. */
    private final class Hand extends Crew.Worker {
      private final Crew crew;
      private final Section section = new Section(execution.interrupts());
      private final Account account = execution.ledger().openWorker(node.name());
      private volatile @Nullable Thread thread;

      private Hand(Crew crew) {
        this.crew = crew;
      }

      @Override
      protected void start() {
        execution.workers().execute(this::run);
      }

      private void run() {
        thread = Thread.currentThread();
        try {
          work(crew);
        } catch (Stop stop) {
          // nobody waits for it
        }
      }

      @Override
      protected @Nullable Object apply(Object element) {
        boolean wanted = section.enter();
        try {
          if (!wanted || !isWanted()) {
            throw Stop.STOP;
          }
          account.begun();
          Object result =
              Objects.requireNonNull(node.function().apply(element), "the function returned null");
          account.processed();
          account.produced();
          return result;
        } catch (Throwable e) {
          execution.failed(e, origin, element, !section.isCancelled(), account);
          return null;
        } finally {
          section.leave();
          Thread.interrupted(); // it was meant for this element
        }
      }

      @Override
      protected void park() {
        LockSupport.park(this);
        Thread.interrupted(); // or the next park would not wait
        if (!isWanted()) {
          throw Stop.STOP;
        }
      }

      @Override
      protected void wake() {
        LockSupport.unpark(thread);
      }

      @Override
      protected void stop() {
        section.cancel();
        wake();
      }
    }
  }
}
