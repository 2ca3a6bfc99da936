package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Functions of the user find the values of the run's context in the current one. */
abstract class ContextConformance extends Theme {

  private static final Context.Key<String> TENANT = Context.Key.of("tenant");

  private static final Context CONTEXT = Context.background().withValue(TENANT, "mill");

  private final Map<String, String> seen = new ConcurrentHashMap<>();

  /** Records the values of the current context at this place. */
  private <T> T note(String where, T element) {
    String value = Context.current().value(TENANT);
    seen.merge(where, String.valueOf(value), (one, other) -> one.equals(other) ? one : "both");
    return element;
  }

  private void allSaw(String... where) {
    assertThat(seen.keySet()).containsExactlyInAnyOrder(where);
    assertThat(seen).allSatisfy((place, value) -> assertThat(value).as(place).isEqualTo("mill"));
  }

  @ParameterizedTest
  @EnumSource
  void functionsSeeTheValues(Site site) {
    var pipe = site.addTo(Pipe.from(Numbers.below(20)), x -> note("function", x));
    run(pipe.to(Sink.count()), CONTEXT, failure -> {}).result();
    allSaw("function");
  }

  @Test
  void sourceAndSinkSeeTheValues() {
    Source<Integer> source =
        context -> {
          assertThat(context.value(TENANT)).isEqualTo("mill");
          var cursor = Numbers.below(3).open(note("source open", context));
          return new Source.Cursor<>() {
            @Override
            public @Nullable Integer next() throws Exception {
              return note("source next", cursor).next();
            }

            @Override
            public void close() throws Exception {
              note("source close", cursor).close();
            }
          };
        };
    Sink<Integer, Long> sink =
        context -> {
          assertThat(context.value(TENANT)).isEqualTo("mill");
          Sink.Receiver<Integer, Long> receiver =
              Sink.<Integer>count().open(note("sink open", context));
          return new Sink.Receiver<>() {
            @Override
            public boolean accept(Integer element) throws Exception {
              return receiver.accept(note("sink accept", element));
            }

            @Override
            public Long finish() throws Exception {
              return note("sink finish", receiver).finish();
            }

            @Override
            public void close() throws Exception {
              note("sink close", receiver).close();
            }
          };
        };
    run(Pipe.from(source).mapParallel("map", 2, x -> x).to(sink), CONTEXT, failure -> {}).result();
    allSaw(
        "source open",
        "source next",
        "source close",
        "sink open",
        "sink accept",
        "sink finish",
        "sink close");
  }

  @Test
  void failureHandlersSeeTheValues() {
    var boom = new IOException("boom");
    var pipe =
        Pipe.from(Numbers.below(4))
            .mapParallelUnordered("reported", 2, x -> x % 2 == 0 ? raise(boom) : x)
            .onFailure(FailurePolicy.deadLetters(letter -> note("dead letters", letter)))
            .map("lost", x -> raise(boom));
    run(pipe.to(Sink.count()), CONTEXT, failure -> note("handler", failure)).result();
    allSaw("dead letters", "handler");
  }

  @Test
  void otherFunctionsSeeTheValues() {
    var pipe =
        Pipe.from(Numbers.below(4))
            .scan("scan", () -> note("state", 0), (state, x) -> note("fold", x))
            .via("via", () -> note("transform", own()))
            .balance("balance", 2, lane -> lane.scan("lane", () -> note("lane", 0), (s, x) -> x))
            .zip("zip", Pipe.from("b", Numbers.endless()), (x, y) -> note("combiner", x));
    Sink<Integer, Integer> fold = Sink.fold(() -> note("initial", 0), (s, x) -> note("last", x));
    run(pipe.to(fold), CONTEXT, failure -> {}).result();
    allSaw("state", "fold", "transform", "end", "lane", "combiner", "initial", "last");
  }

  private Transform<Integer, Integer> own() {
    return new Transform<>() {
      @Override
      public Outcome accept(Integer element, Emitter<? super Integer> out) {
        out.emit(element);
        return Outcome.USED;
      }

      @Override
      public void end(Emitter<? super Integer> out) {
        note("end", out);
      }
    };
  }

  @Test
  void twoRunsHaveTheirOwnValues() throws Exception {
    List<String> tenants = List.of("north", "south");
    for (int round = 0; round < 10; round++) {
      var pipeline =
          Pipe.from(Numbers.below(50))
              .mapParallel("map", 3, x -> Objects.toString(Context.current().value(TENANT)))
              .distinct("distinct", x -> x)
              .to(Sink.<String>toList());
      var trials =
          tenants.stream()
              .map(
                  tenant ->
                      start(
                          pipeline, Context.background().withValue(TENANT, tenant), failure -> {}))
              .toList();
      for (int i = 0; i < 2; i++) {
        assertThat(trials.get(i).join().result()).containsExactly(tenants.get(i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void functionsSeeWhyTheyAreCancelled(Site site) {
    var cause = new IOException("cancelled by the test");
    var running = new CountDownLatch(1);
    var told = new AtomicReference<@Nullable Throwable>();
    var pipe =
        site.addTo(
            Pipe.from(Numbers.below(1)),
            x -> {
              running.countDown();
              try {
                return blockForever();
              } finally {
                told.set(Context.current().cause());
              }
            });
    try (CancellableContext context = Context.background().withCancel()) {
      var trial = start(pipe.to(Sink.count()), context, failure -> {});
      await(running);
      context.cancel(cause);
      trial.end();
    }
    assertThat(told.get()).isSameAs(cause);
  }
}
