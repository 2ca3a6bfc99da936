package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A publisher works only after the call, so the decorators refuse functions that return one. */
class PublishersTest {

  private final AtomicInteger calls = new AtomicInteger();
  private final CircuitBreaker breaker = CircuitBreaker.of(1, Duration.ofHours(1));

  /** A decorator and an engine. */
  record Case(String decorator, String engine) {}

  static Stream<Case> cases() {
    return Stream.of("retry", "timeout", "breaker", "hedge", "bulkhead", "nested")
        .flatMap(
            decorator ->
                Stream.of("channels", "reactor").map(engine -> new Case(decorator, engine)));
  }

  private <O> StageFunction<Integer, O> decorated(
      String decorator, StageFunction<Integer, O> function) {
    var retry = Retry.of(Backoff.none(), 3);
    return switch (decorator) {
      case "retry" -> retry.around(function);
      case "timeout" -> Timeout.of(Duration.ofHours(1)).around(function);
      case "breaker" -> breaker.around(function);
      case "hedge" -> Hedge.after(Duration.ofHours(1)).around(function);
      case "bulkhead" -> Bulkhead.of(1).around(function);
      default -> retry.around(breaker.around(function));
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void monoIsRefusedAndNotTriedAgain(Case one) {
    StageFunction<Integer, Mono<Integer>> function =
        x -> {
          calls.incrementAndGet();
          return Mono.just(x);
        };
    var job =
        Pipe.from(Source.of(List.of(1)))
            .map("send", decorated(one.decorator(), function))
            .to(Sink.<Mono<Integer>>toList());
    assertThatThrownBy(() -> job.start(Engine.named(one.engine()), Context.background()).join())
        .isInstanceOf(ExecutionException.class)
        .rootCause()
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("mono.toFuture()")
        .hasMessageContaining("mapAsync");
    assertThat(calls).hasValue(1);
    assertThat(breaker.state()).isEqualTo(CircuitBreaker.State.CLOSED);
  }

  @Test
  void fluxAndPublisherOfTheJdkAreRefusedToo() {
    var retry = Retry.of(Backoff.none(), 3);
    assertThatThrownBy(() -> retry.around(x -> Flux.just(1)).apply(1))
        .isInstanceOf(IllegalStateException.class);
    Flow.Publisher<Integer> own = subscriber -> {};
    assertThatThrownBy(() -> retry.around(x -> own).apply(1))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void futureOfAMonoWorks(Case one) throws Exception {
    var job =
        Pipe.from(Source.of(List.of(1, 2)))
            .mapAsync("send", 2, decorated(one.decorator(), x -> Mono.just(x + 1).toFuture()))
            .to(Sink.toList());
    assertThat(job.start(Engine.named(one.engine()), Context.background()).join())
        .containsExactly(2, 3);
  }
}
