package dev.millrace.stages.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.sync.TaskGroup;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Thread locals of the thread that starts a run are those of all its functions. */
class ThreadLocalsTest {

  private static final ThreadLocal<String> LOCAL = new ThreadLocal<>();

  private final ContextSnapshotFactory factory =
      ContextSnapshotFactory.builder()
          .contextRegistry(new ContextRegistry().registerThreadLocalAccessor("test", LOCAL))
          .build();

  private final Set<String> seen = ConcurrentHashMap.newKeySet();

  private void look(String where) {
    seen.add(where + ":" + LOCAL.get());
  }

  private Context captured(String value) {
    LOCAL.set(value);
    try {
      return ThreadLocals.captured(Context.background(), factory);
    } finally {
      LOCAL.remove();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void allFunctionsSeeThem(String engine) throws Exception {
    var job =
        Pipe.from(
                Source.generate(
                    () -> {
                      look("source");
                      return seen.size() > 50 ? null : (Integer) 1;
                    }))
            .take("some", 20)
            .map("map", x -> see("map", x))
            .mapParallel("parallel", 3, x -> see("parallel", x))
            .batch("batch", 2, Duration.ofMillis(1))
            .partitionBy("lanes", list -> 1, 2, lane -> lane.map("lane", list -> see("lane", list)))
            .map(
                "fail",
                list -> {
                  if (LOCAL.get() != null) {
                    throw new IOException("for the handler");
                  }
                  return list;
                })
            .to(Sink.count());
    for (String value : new String[] {"one", "two"}) {
      seen.clear();
      job.start(Engine.named(engine), captured(value), failure -> look("handler")).join();
      assertThat(seen)
          .containsExactlyInAnyOrder(
              "source:" + value,
              "map:" + value,
              "parallel:" + value,
              "lane:" + value,
              "handler:" + value);
    }
    assertThat(LOCAL.get()).as("in the thread that starts runs").isNull();
    seen.clear();
    job.start(Engine.named(engine), Context.background()).join();
    assertThat(seen).as("a run without them").allMatch(each -> each.endsWith(":null"));
  }

  private <T> T see(String where, T element) {
    look(where);
    return element;
  }

  @Test
  void threadGetsItsOwnValuesBack() throws Exception {
    Context context = captured("captured");
    try (var pool = Executors.newFixedThreadPool(1)) {
      pool.submit(() -> LOCAL.set("own")).get();
      pool.submit(() -> context.run(() -> look("run"))).get();
      var failed =
          pool.submit(
              () ->
                  context
                      .withCancel()
                      .call(
                          () -> {
                            look("call");
                            throw new IOException("expected");
                          }));
      assertThatThrownBy(failed::get).hasCauseInstanceOf(IOException.class);
      assertThat(pool.submit(() -> LOCAL.get()).get()).isEqualTo("own");
    }
    assertThat(seen).containsExactlyInAnyOrder("run:captured", "call:captured");
  }

  @Test
  void tasksOfAGroupSeeThem() throws Exception {
    try (var group = TaskGroup.open(captured("task"))) {
      group.fork(
          () -> {
            look("task");
            return true;
          });
      group.join();
    }
    assertThat(seen).containsExactly("task:task");
  }
}
