package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.test.Leaks;
import dev.millrace.test.NoLeaks;
import dev.millrace.test.Probe;
import dev.millrace.test.ProbeSource;
import dev.millrace.test.Trace;
import dev.millrace.test.VirtualTime;
import dev.millrace.testkit.chaos.LoopTrial;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The snippets of the guides to testing that need no broker. */
@Timeout(60)
class TestingPipelinesTest {

  private static Pipe<List<Integer>> stages(Pipe<String> lines) {
    return lines.map("parse", Integer::parseInt).batch("pairs", 2);
  }

  // doc:begin
  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void badLinesBecomeFailures(String engine) throws Exception {
    try (var probe = Probe.on(Engine.named(engine)).start(TestingPipelinesTest::stages)) {
      probe.push("1", "x", "2");
      probe.expect(List.of(1, 2));
      Failure<?> failure = probe.expectFailure("parse", NumberFormatException.class);
      assertThat(failure.element()).isEqualTo("x");
      probe.push("3");
      probe.end();
      probe.expect(List.of(3));
      probe.expectCompletion();
    }
  }

  // doc:end

  @Test
  void backPressureReachesTheSource() throws Exception {
    // doc:begin
    try (var probe =
        Probe.on(Engine.channels())
            .paused() // the sink takes nothing until request
            .start((Pipe<Integer> pipe) -> pipe.buffer("room", 2))) {
      probe.push(1, 2, 3, 4, 5, 6, 7, 8, 9);
      probe.request(1);
      probe.expect(1);
      assertThat(probe.source().taken()).isLessThan(9); // the others wait in the source
    }
    // doc:end
  }

  @Test
  void traceShowsTheOrderOverAllStages() throws Exception {
    // doc:begin
    try (var probe =
        Probe.on(Engine.channels())
            .start(
                (Pipe<Integer> pipe, Trace trace) ->
                    pipe.filter("odd", x -> x % 2 == 1)
                        .through(trace.after("odd"))
                        .map("tenfold", x -> 10 * x)
                        .through(trace.after("tenfold")))) {
      probe.push(1, 2, 3);
      probe.expectSeen("odd", 1, 3);
      probe.expectSeen("tenfold", 10, 30);
      probe.trace().all(); // the same elements in one order: odd 1, tenfold 10, odd 3, tenfold 30
    }
    // doc:end
  }

  @Test
  void settledAndAbandonedElements() throws Exception {
    // doc:begin
    var stop = new IllegalStateException("stop");
    try (var probe =
        Probe.on(Engine.channels())
            .settling()
            .start((Pipe<Integer> pipe) -> pipe.batch("pairs", 2))) {
      probe.push(1, 2, 3);
      probe.expectSettled(1, 2);
      probe.cancel(stop);
      probe.expectCancellation(stop);
      assertThat(probe.source().settled()).doesNotContain(3);
    }
    // doc:end
  }

  private static Pipeline<Long> sum(Source<Integer> left, Source<Integer> right) {
    return Pipe.from("left", left)
        .zip("sum", Pipe.from("right", right), (x, y) -> (long) x + y)
        .to(Sink.fold(() -> 0L, Long::sum));
  }

  @Test
  void wholePipeline() throws Exception {
    // doc:begin
    var left = new ProbeSource<Integer>();
    var right = new ProbeSource<Integer>();
    try (var run = Probe.on(Engine.channels()).start(sum(left, right))) {
      left.push(1);
      right.push(10);
      run.awaitStage("sum", stage -> stage.emitted() == 1);
      left.end();
      assertThat(run.expectCompletion()).isEqualTo(11);
    }
    // doc:end
  }

  @Test
  void quietMinute() throws Exception {
    // doc:begin
    try (var time = VirtualTime.begin();
        var probe =
            Probe.on(Engine.channels())
                .start((Pipe<String> pipe) -> pipe.debounce("quiet", Duration.ofMinutes(1)))) {
      probe.push("a");
      time.advance(Duration.ofSeconds(59));
      assertThat(probe.results()).isEmpty();
      time.advance(Duration.ofSeconds(1));
      probe.expect("a");
    }
    // doc:end
  }

  @Nested
  // doc:begin
  @NoLeaks
  class OrdersTest {

    @Test
    void connectionIsClosedOnce(Leaks leaks) throws Exception {
      AutoCloseable connection = leaks.resource("connection");
      Source<Integer> rows =
          context ->
              new Source.Cursor<>() {
                @Override
                public Integer next() {
                  return null; // the table is empty
                }

                @Override
                public void close() throws Exception {
                  connection.close();
                }
              };
      try (var run = Probe.on(Engine.channels()).start(Pipe.from("rows", rows).to(Sink.count()))) {
        run.expectCompletion();
      }
    }
  }

  // doc:end

  private final Set<String> saved = ConcurrentHashMap.newKeySet();

  private void save(String order) {
    saved.add(order);
  }

  // doc:begin
  @Test
  void crashLosesNoOrder() throws Exception {
    try (var trial = LoopTrial.of(order -> save(order.value())).partitions(3).start()) {
      trial.join();
      for (int i = 0; i < 100; i++) {
        trial.add("customer-" + i % 7, "order " + i);
      }
      trial.join(); // a rebalance
      trial.crash(); // the first member dies without a commit
      trial.add("customer-1", "order 100");
      trial.verify(); // waits until all is committed, and asks the oracle
    }
    assertThat(saved).hasSize(101);
  }
  // doc:end
}
