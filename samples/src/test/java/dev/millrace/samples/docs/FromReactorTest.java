package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.StageFunction;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The code of the page about Reactor's operators. */
class FromReactorTest {

  static long save(
      List<String> orders,
      StageFunction<Integer, Integer> enrich,
      StageFunction<List<Integer>, Integer> save,
      Engine engine,
      Context context,
      StageConsumer<Failure<?>> failures)
      throws InterruptedException, ExecutionException {
    // doc:begin
    Pipeline<Long> job =
        Pipe.from(Source.of(orders))
            .map("parse", Integer::parseInt)
            .mapParallel("enrich", 16, enrich) // blocking calls are fine; the order is kept
            .batch("batch", 100, Duration.ofSeconds(1))
            .map("save", save)
            .to(Sink.count());
    try (Run<Long> run = job.start(engine, context, failures)) { // each failure is a value
      return run.join();
    }
    // doc:end
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void failedElementsDoNotEndTheRun(String engine) throws Exception {
    var failures = new ConcurrentLinkedQueue<Failure<?>>();
    var saved = new CopyOnWriteArrayList<Integer>();
    long batches =
        save(
            List.of("1", "x", "2", "3"),
            one -> one * 10,
            batch -> {
              saved.addAll(batch);
              return batch.size();
            },
            Engine.named(engine),
            Context.background(),
            failures::add);
    assertThat(batches).isEqualTo(1);
    assertThat(saved).containsExactly(10, 20, 30);
    assertThat(failures)
        .singleElement()
        .satisfies(one -> assertThat(one.stage()).isEqualTo("parse"));
  }
}
