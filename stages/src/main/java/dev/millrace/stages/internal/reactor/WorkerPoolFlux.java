package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Node;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.pool.Worker;
import dev.millrace.stages.internal.pool.WorkerPool;
import dev.millrace.stages.internal.run.Keys;
import dev.millrace.stages.internal.run.Unwind;
import dev.millrace.stages.internal.wait.Signal;
import dev.millrace.stages.internal.wait.WaitStrategy;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
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
final class WorkerPoolFlux extends Flux<Object> {

  private final Execution execution;
  private final Node.Parallel<Object, Object> node;
  private final Part input;
  private final Account incoming;

  /** Notes how long the stage waits for room. Guarded by itself. */
  private final Account outgoing;

  private final int order;

  WorkerPoolFlux(Execution execution, Node.Parallel<Object, Object> node, Part input) {
    this.execution = execution;
    this.node = node;
    this.input = input;
    this.incoming = execution.ledger().open(node.name());
    this.outgoing = execution.ledger().open(node.name());
    this.order = execution.calls().nextOrder();
  }

  @Override
  public void subscribe(CoreSubscriber<? super Object> actual) {
    input.flux().subscribe(new PoolSubscriber(actual));
  }

  /** The subscriber to the input, with the pool and the gate for the results. */
  private final class PoolSubscriber implements CoreSubscriber<Object>, WorkerPool.Sides {
    private final CoreSubscriber<? super Object> actual;
    private final Signal signal = new Signal();
    private final Gate gate = new Gate(execution, signal, this::cancelled);
    private final WorkerPool pool = new WorkerPool(node, this, ReactorWorker::new);
    private final WaitStrategy untilReady = WaitStrategy.yielding(pool::isReady);
    private final BooleanSupplier resultOrUnwanted = this::hasResultOrIsUnwanted;
    private final FailureSite site = new FailureSite(node.name(), node.policy(), 1);
    private final Runnable tap = input.tap();
    private final AtomicLong asked = new AtomicLong();

    /** The thread that computes a key. Written by that thread, read by any. */
    private @Nullable Thread keying;

    @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
    private Subscription upstream;

    private PoolSubscriber(CoreSubscriber<? super Object> actual) {
      this.actual = actual;
      if (node.key() != null) {
        execution.calls().add(order, Calls.function(() -> keying, node.name(), incoming, null));
      }
    }

    // The input

    @Override
    public void onSubscribe(Subscription subscription) {
      if (Operators.validate(upstream, subscription)) {
        upstream = subscription;
        gate.subscribe(actual);
        execution.threads().execute(this::deliver);
        asked.set(pool.bound());
        subscription.request(pool.bound());
      }
    }

    @Override
    public void onNext(Object element) {
      if (!gate.isWanted()) {
        return;
      }
      tap.run();
      incoming.received();
      Object key;
      try {
        key = key(element);
      } catch (Throwable e) {
        keyFailed(e, element);
        return;
      }
      if (Thread.currentThread().isInterrupted()) {
        execution.forgetInterrupt(!gate.isCancelled());
      }
      pool.put(element, key);
      if (!pool.hasRoom() && pool.isHeldUpByOutput()) {
        synchronized (outgoing) {
          outgoing.waitsForOutput();
        }
      }
    }

    private @Nullable Object key(Object element) {
      if (node.key() == null) {
        return null;
      }
      keying = Thread.currentThread();
      try {
        return Keys.of(node.key(), element);
      } finally {
        keying = null;
      }
    }

    private void keyFailed(Throwable e, Object element) {
      try {
        execution.failed(e, site, element, !gate.isCancelled(), incoming);
        asked.decrementAndGet(); // it is not inside
        room();
      } catch (Unwind unwind) {
        // no stage takes the elements any more
      }
    }

    @Override
    public void room() {
      long now;
      long more;
      do {
        now = asked.get();
        more = pool.bound() + pool.left() - now;
        if (more < pool.batch()) {
          return;
        }
      } while (!asked.compareAndSet(now, now + more));
      synchronized (outgoing) {
        outgoing.hasOutput();
      }
      upstream.request(more);
    }

    @Override
    public void onComplete() {
      pool.end();
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
      signal.signalAfterFence();
    }

    private void deliver() {
      try {
        while (gate.isWanted() && !pool.isExhausted()) {
          Object result = pool.poll();
          if (result == null) {
            awaitResult();
          } else {
            give(result);
          }
        }
        if (gate.isWanted()) {
          gate.complete();
        }
      } finally {
        pool.finish();
      }
    }

    private boolean hasResultOrIsUnwanted() {
      return !pool.awaitsResult() || !gate.isWanted();
    }

    private void awaitResult() {
      signal.await(untilReady, resultOrUnwanted, interrupted -> {});
      pool.hasResult();
    }

    private void give(Object result) {
      if (!gate.isOpen()) {
        signal.await(() -> gate.isOpen() || !gate.isWanted());
      }
      if (gate.isWanted()) {
        gate.give(result);
      }
    }

    private void cancelled() {
      pool.finish();
    }

    /** One of the workers. */
    private final class ReactorWorker extends Worker {
      private final WorkerPool pool;
      private final Section section = new Section(execution.interrupts());
      private final Account account = execution.ledger().openWorker(node.name());

      private ReactorWorker(WorkerPool pool) {
        super(new Signal());
        this.pool = pool; // the outer one is not assigned yet when the pool hires
        execution.calls().add(order, Calls.worker(section, node.name(), account));
      }

      @Override
      protected void start() {
        execution.threads().execute(this::run);
      }

      private void run() {
        try {
          pool.work(this);
        } catch (Unwind unwind) {
          // no stage takes its result any more
        }
      }

      @Override
      protected @Nullable Object apply(Object element) {
        boolean wanted = section.enter();
        try {
          if (!wanted || !gate.isWanted()) {
            throw Unwind.INSTANCE;
          }
          account.begun();
          Object result =
              Objects.requireNonNull(node.function().apply(element), "the function returned null");
          account.processed();
          account.produced();
          return result;
        } catch (Throwable e) {
          execution.failed(e, site, element, !section.isCancelled(), account);
          return null;
        } finally {
          section.leave();
          Thread.interrupted(); // it was meant for this element
        }
      }

      @Override
      protected void check() {
        if (!gate.isWanted()) {
          throw Unwind.INSTANCE;
        }
      }

      @Override
      protected void stop() {
        section.cancel();
      }
    }
  }
}
