package dev.millrace.pipeline;

import dev.millrace.channel.internal.Demand;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A run whose elements go to a subscriber, up to its demand. Thread-safe.
 *
 * <p>The thread of the run that calls the sink waits for demand and then calls {@code onNext}.
 * Another thread waits for the end of the run and then calls {@code onComplete} or {@code onError}.
 * So signals are serial, and a {@code request} from inside {@code onNext} does not recurse. A
 * request for less than 1 element (rule 3.9) cancels the run, and the subscriber gets it as an
 * {@code onError}.
 */
final class RunSubscription<T> implements Flow.Subscription {

  private final Flow.Subscriber<? super T> subscriber;
  private long demand; // guarded by this, as all fields below
  private boolean cancelled;
  private @Nullable Throwable broken; // set if the subscriber's demand has broken rule 3.9
  private @Nullable Throwable thrown; // by onNext, against rule 2.13
  private @Nullable Run<Long> run;

  RunSubscription(Flow.Subscriber<? super T> subscriber) {
    this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
  }

  /** Calls {@code onSubscribe}, and then starts the run, unless the subscriber has cancelled. */
  void start(Supplier<Run<Long>> start) {
    subscriber.onSubscribe(this);
    Thread.ofVirtual().name("millrace-publisher").start(() -> run(start));
  }

  private void run(Supplier<Run<Long>> start) {
    Throwable failure = null;
    if (isWanted()) {
      try (Run<Long> started = start.get()) {
        started(started);
        started.join();
      } catch (ExecutionException e) {
        failure = Objects.requireNonNullElse(e.getCause(), e);
      } catch (Throwable e) {
        failure = e;
      }
    }
    end(failure);
  }

  private synchronized boolean isWanted() {
    return !cancelled && broken == null;
  }

  private void started(Run<Long> started) {
    boolean wanted;
    synchronized (this) {
      run = started;
      wanted = isWanted();
    }
    if (!wanted) {
      stop(started);
    }
  }

  private static void stop(@Nullable Run<?> started) {
    if (started != null) {
      started.cancel(new CancellationException("the subscription was cancelled"));
    }
  }

  @Override
  public void request(long count) {
    Run<Long> started;
    synchronized (this) {
      if (count > 0) {
        long sum = demand + count;
        demand = sum < 0 ? Long.MAX_VALUE : sum;
        notifyAll();
        return;
      }
      broken = new IllegalArgumentException(Demand.tooSmall(count));
      started = run;
      notifyAll();
    }
    stop(started);
  }

  @Override
  public void cancel() {
    Run<Long> started;
    synchronized (this) {
      cancelled = true;
      started = run;
      notifyAll();
    }
    stop(started);
  }

  /** The sink of the run; the result is the number of elements. */
  Sink<T, Long> sink() {
    return context ->
        new Sink.Receiver<>() {
          private long count;

          @Override
          public boolean accept(T element) throws InterruptedException {
            if (!awaitDemand()) {
              return false;
            }
            count++;
            next(element);
            return true;
          }

          @Override
          public Long finish() {
            return count;
          }
        };
  }

  private synchronized boolean awaitDemand() throws InterruptedException {
    while (demand == 0 && isWanted()) {
      wait();
    }
    demand--;
    return isWanted();
  }

  private void next(T element) {
    try {
      subscriber.onNext(element);
    } catch (RuntimeException | Error e) { // then the subscriber gets no more signals
      synchronized (this) {
        thrown = e;
      }
      cancel();
      throw e;
    }
  }

  private void end(@Nullable Throwable failure) {
    boolean told;
    Throwable last;
    Throwable uncaught;
    synchronized (this) {
      uncaught = thrown;
      told = !cancelled;
      last = broken == null ? failure : broken;
      cancelled = true;
      run = null;
    }
    if (told && last == null) {
      subscriber.onComplete();
    } else if (told) {
      subscriber.onError(last);
    } else if (uncaught != null) { // for the handler of uncaught exceptions
      throw new IllegalStateException("onNext has thrown, against rule 2.13", uncaught);
    }
  }
}
