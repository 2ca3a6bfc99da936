package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.stages.reactor.Stages;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** BlockHound watches: its platform listener is on the class path. */
class ReactorFaceTest extends FaceContract {

  @Override
  Face face() {
    return new Face() {
      @Override
      public <I, O> void run(
          TaskGroup group,
          List<? extends Iterable<I>> sources,
          int parallelism,
          StageFunction<I, O> function,
          StageConsumer<O> onValue,
          StageConsumer<Failure<?>> onFailure)
          throws InterruptedException, ExecutionException {
        List<Flux<O>> values = new ArrayList<>();
        List<Flux<Failure<I>>> errors = new ArrayList<>();
        for (Iterable<I> source : sources) {
          var step =
              Stages.<I, O>step(
                  group, "test", Stages.<I>producer(group, source), parallelism, function);
          values.add(step.values());
          errors.add(step.errors());
        }
        Stages.<O>sink(
            group,
            Stages.<O>merge(group, values),
            Stages.<Failure<I>>merge(group, errors),
            onValue,
            onFailure);
      }

      @Override
      public <I, O> void run(
          TaskGroup group,
          Iterable<I> source,
          int parallelism,
          StageFunction<I, O> function,
          StageConsumer<O> onValue)
          throws InterruptedException, ExecutionException {
        var step =
            Stages.<I, O>step(
                group, "test", Stages.<I>producer(group, source), parallelism, function);
        Stages.<O>sink(group, step.values(), step.errors(), onValue);
      }
    };
  }

  @Test
  void blockHoundWouldCatchABlockingCall() {
    assertThatThrownBy(
            () ->
                Mono.fromCallable(
                        () -> {
                          Thread.sleep(1); // the canary
                          return "slept";
                        })
                    .subscribeOn(Schedulers.parallel())
                    .block())
        .hasRootCauseInstanceOf(BlockingOperationError.class);
  }

  @Test
  void errorOfAFluxFromElsewhereReachesTheCaller() {
    var cause = new IOException("elsewhere");
    try (var group = TaskGroup.open(Context.background())) {
      var step = Stages.<Integer, Integer>step(group, "test", Flux.error(cause), 1, x -> x);
      assertThatThrownBy(() -> Stages.sink(group, step.values(), step.errors(), x -> {}))
          .isInstanceOf(ExecutionException.class)
          .hasCause(cause);
    }
  }

  @Test
  void inputsThatFailTogetherFailTheRunWithTheirOwnCause() {
    var cause = new IOException("elsewhere");
    var values = new Input<Integer>();
    var errors = new Input<Failure<?>>();
    errors.requested = () -> values.subscriber().onNext(1);
    values.requested =
        () -> {
          if (++values.requests == 2) {
            values.subscriber().onError(cause);
            errors.subscriber().onError(cause);
          }
        };
    try (var group = TaskGroup.open(Context.background())) {
      assertThatThrownBy(() -> Stages.<Integer>sink(group, values, errors, x -> {}))
          .isInstanceOf(ExecutionException.class)
          .hasCause(cause);
    }
  }

  /** Does what it is told to when it is asked for elements. */
  private static final class Input<T> implements Publisher<T>, Subscription {
    private @Nullable Subscriber<? super T> subscriber;
    private Runnable requested = () -> {};
    private int requests;

    private Subscriber<? super T> subscriber() {
      return Objects.requireNonNull(subscriber);
    }

    @Override
    public void subscribe(Subscriber<? super T> subscriber) {
      this.subscriber = subscriber;
      subscriber.onSubscribe(this);
    }

    @Override
    public void request(long n) {
      requested.run();
    }

    @Override
    public void cancel() {}
  }

  @Test
  void functionsMayBlockAlthoughTheSourceEmitsOnAReactorThread() throws Exception {
    List<Integer> seen = new ArrayList<>();
    try (var group = TaskGroup.open(Context.background())) {
      var step =
          Stages.<Integer, Integer>step(
              group,
              "test",
              Flux.range(0, 100).publishOn(Schedulers.parallel()),
              4,
              x -> {
                Thread.sleep(1); // the work
                return x;
              });
      Stages.<Integer>sink(group, step.values(), step.errors(), seen::add);
    }
    assertThat(seen).hasSize(100);
  }
}
