package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Backoff;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Decorated functions fit into every stage, without naming a type. */
class DecoratedPipeTest {

  private static String lookup(Integer id) throws IOException {
    if (id < 0) {
      throw new IOException("no " + id);
    }
    return "order " + id;
  }

  @Test
  void typesAreInferred() {
    var retry = Retry.of(Backoff.none(), 3).onlyIf(IOException.class::isInstance);
    var timeout = Timeout.of(Duration.ofSeconds(1));
    var breaker = CircuitBreaker.of(3, Duration.ofSeconds(1));
    var bulkhead = Bulkhead.of(100);
    var hedge = Hedge.after(Duration.ofMillis(80)).withBudget(0.1);
    Pipeline<List<String>> pipeline =
        Pipe.from(Source.of(List.of(1, 2, 3)))
            .map("map", retry.around(id -> id + 1))
            .filter("filter", timeout.around(id -> id > 0))
            .flatMap("flatMap", retry.around(id -> List.of(id, id)))
            .mapParallel(
                "mapParallel",
                4,
                retry.around(breaker.around(timeout.around(DecoratedPipeTest::lookup))))
            .mapParallelUnordered("unordered", 4, breaker.around(String::strip, text -> "none"))
            .mapAsync("async", 4, retry.around(text -> CompletableFuture.completedFuture(text)))
            .mapKeyed(
                "keyed", 4, String::length, bulkhead.around(String::length, hedge.around(t -> t)))
            .to(Sink.toList());
    assertThat(pipeline.mermaid()).contains("mapParallel");
  }
}
