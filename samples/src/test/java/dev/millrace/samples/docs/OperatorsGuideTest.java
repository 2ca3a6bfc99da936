package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Branches;
import dev.millrace.pipeline.Buffers;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Groups;
import dev.millrace.pipeline.Operators;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The code of {@code docs/operators.md}, on both engines. */
class OperatorsGuideTest {

  private record Quote(String symbol, int cents) {}

  private sealed interface Event {}

  private record Order(String goods) implements Event {}

  private record Refund(String reason) implements Event {}

  private static Map<String, Integer> merged(Map<String, Integer> old, Map<String, Integer> next) {
    Map<String, Integer> merged = new HashMap<>(old);
    merged.putAll(next);
    return merged;
  }

  private static <R> R run(String engine, Pipeline<R> job) throws Exception {
    return job.start(Engine.named(engine), Context.background()).join();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void latestPricesAreShown(String engine) throws Exception {
    List<Quote> quotes =
        List.of(new Quote("A", 1), new Quote("B", 2), new Quote("A", 3), new Quote("B", 4));
    Map<String, Integer> shown = new TreeMap<>();
    // doc:begin
    Pipeline<Long> job =
        Pipe.from(Source.of(quotes))
            .map("by symbol", quote -> Map.of(quote.symbol(), quote.cents()))
            // While the sink is busy, newer prices replace older ones; the source never waits.
            .through(Buffers.conflate("latest", OperatorsGuideTest::merged))
            .to(Sink.forEach(shown::putAll));
    // doc:end
    assertThat(run(engine, job)).isBetween(1L, 4L);
    assertThat(shown).containsExactly(Map.entry("A", 3), Map.entry("B", 4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void branchesHaveTheirTypes(String engine) throws Exception {
    List<Event> events = List.of(new Order("tea"), new Refund("late"), new Order("milk"));
    List<Event> audit = Collections.synchronizedList(new ArrayList<>());
    // doc:begin
    Pipeline<List<String>> job =
        Pipe.from(Source.of(events))
            .through(Branches.alsoTo("audit", Sink.forEach(audit::add)))
            .through(
                Branches.route(
                    "route",
                    List.of(
                        Branches.ofType(Order.class, in -> in.map("order", Order::goods)),
                        Branches.ofType(Refund.class, in -> in.map("refund", Refund::reason)))))
            .to(Sink.toList());
    // doc:end
    assertThat(run(engine, job)).containsExactlyInAnyOrder("tea", "late", "milk");
    assertThat(audit).isEqualTo(events);
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void eachKeyHasItsPipe(String engine) throws Exception {
    List<Integer> numbers = List.of(0, 1, 2, 3, 4, 5, 6);
    // doc:begin
    Pipeline<List<Integer>> job =
        Pipe.from(Source.of(numbers))
            .via(
                "per remainder",
                Groups.byKey(
                    x -> x % 3, // the key
                    10_000, // open groups
                    Duration.ofMinutes(30), // a group without elements ends
                    group -> group.batch("pairs", 2).map("sum", pair -> pair.getFirst())))
            .to(Sink.toList());
    // doc:end
    assertThat(run(engine, job)).containsExactly(0, 1, 2, 6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void eachPartHasItsPipe(String engine) throws Exception {
    List<String> lines = List.of("#1", "four", "#2", "#3", "one");
    // doc:begin
    Pipeline<List<Integer>> job =
        Pipe.from(Source.of(lines))
            .via(
                "per document",
                Groups.splitBefore(
                    line -> line.startsWith("#"), // the first line of a document
                    document ->
                        document
                            .scan("length", () -> 0, (sum, line) -> sum + line.length())
                            .via("last", Operators.takeLast(1))))
            .to(Sink.toList());
    // doc:end
    assertThat(run(engine, job)).containsExactly(6, 2, 5);
  }
}
