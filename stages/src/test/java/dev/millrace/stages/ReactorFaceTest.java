package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
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
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** BlockHound watches: its platform listener is on the class path. */
class ReactorFaceTest extends FaceContract {

  @Override
  Face face() {
    return new ReactorFace();
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

  /** Runs a given action when elements are requested. */
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
