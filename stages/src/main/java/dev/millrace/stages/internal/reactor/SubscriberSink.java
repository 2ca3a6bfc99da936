package dev.millrace.stages.internal.reactor;

import dev.millrace.channel.internal.Demand;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.run.Unwind;
import dev.millrace.stages.internal.wait.Signal;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * The sink of a run that gives a subscriber as many elements as it has requested: the thread that
 * brings an element waits. The end of the run is the end of the subscription.
 */
final class SubscriberSink<T> implements Subscription, Sink<T, Long>, Sink.Receiver<T, Long> {

  /** As that of an engine without settings. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  @SuppressWarnings("rawtypes") // an updater has no other type
  private static final AtomicLongFieldUpdater<SubscriberSink> DEMAND =
      AtomicLongFieldUpdater.newUpdater(SubscriberSink.class, "demand");

  private final Signal signal = new Signal();

  /** Set once; cleared by the last thread of the run, as rule 3.13 asks. Read by the run's sink. */
  private volatile @Nullable CoreSubscriber<? super T> actual;

  /** Written once by the thread that subscribes; read by threads that cancel. */
  private volatile @Nullable Run<?> run;

  /** Written by a thread that requests too little; read by the last thread of the run. */
  private volatile @Nullable IllegalArgumentException badRequest;

  /** Written by threads that cancel; read by the thread of the sink. */
  private volatile boolean cancelled;

  /** Raised by threads that request, lowered by the thread of the sink; atomic updates only. */
  private volatile long demand;

  /** Written when the run opens the sink, read by the threads of the sink after that. */
  private Context context = Context.background();

  /** Of the thread of the sink, one at a time. */
  private long given;

  SubscriberSink(CoreSubscriber<? super T> actual) {
    this.actual = actual;
  }

  /** Starts the run, unless it was cancelled before. */
  void start(Pipe<T> pipe, Context parent, StageConsumer<? super Failure<?>> onFailure) {
    if (cancelled) {
      actual = null;
      return;
    }
    run = pipe.to(this).start(new Telling(), parent, onFailure);
    stopRun();
  }

  /** The engine; its runs report their end to this sink. */
  private final class Telling implements Engine {
    @Override
    public String name() {
      return "reactor";
    }

    @Override
    public <R extends @Nullable Object> Run<R> start(
        Pipeline<R> pipeline, Context context, StageConsumer<? super Failure<?>> onFailure) {
      return ReactorRun.start(pipeline, context, onFailure, GRACE, SubscriberSink.this::ended);
    }
  }

  private void ended(ReactorRun<?> ended) {
    CoreSubscriber<? super T> subscriber = actual;
    actual = null;
    if (subscriber == null) {
      return;
    }
    try {
      ended.result();
      if (!cancelled) {
        subscriber.onComplete();
      }
    } catch (CancellationException e) {
      IllegalArgumentException bad = badRequest;
      if (!cancelled) {
        subscriber.onError(bad == null ? e : bad);
      }
      drop(e, subscriber);
    } catch (ExecutionException e) {
      Throwable failure = Objects.requireNonNullElse(e.getCause(), e);
      if (cancelled) {
        Operators.onErrorDropped(failure, subscriber.currentContext());
      } else {
        subscriber.onError(failure);
      }
      drop(e, subscriber);
    }
  }

  /**
   * Hands the failures that came beside the first one to Reactor's hook for errors that no
   * subscriber gets. The first failure may be a shared constant, so they are not added to it.
   */
  private static void drop(Exception thrown, CoreSubscriber<?> subscriber) {
    for (Throwable late : thrown.getSuppressed()) {
      Operators.onErrorDropped(late, subscriber.currentContext());
    }
  }

  // For the run

  @Override
  public Sink.Receiver<T, Long> open(Context context) {
    this.context = context;
    return this;
  }

  @Override
  public boolean accept(T element) {
    if (demand == 0) {
      signal.await(() -> demand != 0 || cancelled || context.isCancelled());
    }
    CoreSubscriber<? super T> subscriber = actual;
    if (cancelled || context.isCancelled() || subscriber == null) {
      throw Unwind.INSTANCE;
    }
    Operators.produced(DEMAND, this, 1);
    given++;
    subscriber.onNext(element);
    return true;
  }

  @Override
  public Long finish() {
    return given;
  }

  // For the subscriber

  @Override
  public void request(long n) {
    if (n > 0) {
      Operators.addCap(DEMAND, this, n);
      signal.signal();
    } else {
      badRequest = new IllegalArgumentException(Demand.tooSmall(n));
      stopRun();
    }
  }

  @Override
  public void cancel() {
    cancelled = true;
    stopRun();
  }

  private void stopRun() {
    Run<?> started = run;
    if (started != null && badRequest != null) {
      started.cancel(badRequest);
    } else if (started != null && cancelled) {
      started.cancel(new CancellationException("the subscriber has cancelled"));
    }
    signal.signal();
  }
}
