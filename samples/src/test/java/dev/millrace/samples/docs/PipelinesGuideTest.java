package dev.millrace.samples.docs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Branches;
import dev.millrace.pipeline.Bytes;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.FailureHandlers;
import dev.millrace.pipeline.FailurePolicy;
import dev.millrace.pipeline.Frames;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Results;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.stages.Retry;
import dev.millrace.stages.micrometer.PipelineMeters;
import dev.millrace.stages.micrometer.ThreadLocals;
import dev.millrace.stages.reactor.Fluxes;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;

/** The snippets of the guide to pipelines, run on both engines if the snippet takes any engine. */
@Timeout(60)
class PipelinesGuideTest {

  @TempDir Path directory;

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  private record Order(String customer, long cents) {
    static Order parse(String line) {
      String[] parts = line.split(",", -1);
      return new Order(parts[0], Long.parseLong(parts[1]));
    }

    Order doubled() {
      return new Order(customer, cents * 2);
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void first(Engine engine) throws Exception {
    Path orders = directory.resolve("orders.csv");
    Files.write(orders, List.of("ada,100", "bob,oops", "ada,250", "cid,1"));
    List<Failure<?>> failures = new ArrayList<>();
    Context context = Context.background();
    // doc:begin
    Pipeline<Long> job =
        Pipe.from(Source.lines(orders))
            .map("parse", Order::parse) // a failure here goes to the handler of failures
            .mapParallel("double", 64, Order::doubled) // at most 64 at once, in order
            .partitionBy("customers", Order::customer, 8, lane -> lane.map("cents", Order::cents))
            .to(Sink.fold(() -> 0L, Long::sum));

    Run<Long> run = job.start(engine, context, failures::add);
    long cents = run.join(); // no thread of the run is alive now
    // doc:end
    assertThat(cents).isEqualTo(702);
    assertThat(failures)
        .singleElement()
        .satisfies(f -> assertThat(f.element()).isEqualTo("bob,oops"));
  }

  @ParameterizedTest
  @MethodSource("engines")
  void bytes(Engine engine) throws Exception {
    Path file = directory.resolve("words.gz");
    Path copy = directory.resolve("copy");
    List<byte[]> digests = new ArrayList<>();
    try (var out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("one\ntwo\n".getBytes(UTF_8));
    }
    // doc:begin
    Pipeline<Long> job =
        Pipe.from(Bytes.read(file, 16 * 1024))
            .via("digest", Bytes.digest("SHA-256", digests::add)) // of all bytes, at the end
            .via("gunzip", Bytes.gunzip())
            .via("lines", Frames.byDelimiter(new byte[] {'\n'}, 1_000)) // at most 1,000 bytes
            .through(Branches.alsoTo("copy", Bytes.write(copy)))
            .to(Sink.count());
    // doc:end
    assertThat(job.start(engine, Context.background()).join()).isEqualTo(2);
    assertThat(copy).hasContent("onetwo");
    assertThat(digests).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void pulled(Engine engine) {
    Pipe<String> pipe = Pipe.from(Source.of(List.of("a", "b", "c"))).map("word", s -> s + s);
    List<String> first;
    // doc:begin
    try (Stream<String> words = Results.stream(pipe, engine, Context.background())) {
      first = words.limit(2).toList(); // the run waits for its reader; close() ends it
    }
    // doc:end
    assertThat(first).containsExactly("aa", "bb");
  }

  @ParameterizedTest
  @MethodSource("engines")
  void typedFailures(Engine engine) throws Exception {
    Pipe<Order> orders = Pipe.from(Source.of(List.of(new Order("ada", 5), new Order("bob", -1))));
    List<String> returned = new ArrayList<>();
    // doc:begin
    Pipeline<List<Long>> job =
        orders
            .through(
                FailureHandlers.ofStage(
                    failure -> returned.add(failure.element().customer()), // an Order
                    in -> in.map("book", PipelinesGuideTest::book)))
            .to(Sink.toList());
    // doc:end
    assertThat(job.start(engine, Context.background()).join()).containsExactly(5L);
    assertThat(returned).containsExactly("bob");
  }

  private static long book(Order order) {
    if (order.cents() < 0) {
      throw new IllegalArgumentException("negative: " + order);
    }
    return order.cents();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void meters(Engine engine) throws Exception {
    var registry = new SimpleMeterRegistry();
    var observations = ObservationRegistry.create();
    Pipeline<Long> job = Pipe.from(Source.of(List.of(1, 2))).to(Sink.count());
    // doc:begin
    PipelineMeters meters = PipelineMeters.of(registry).withObservations(observations);
    Engine measured = meters.engine("orders", engine); // the name is the tag "pipeline"
    long count = job.start(measured, ThreadLocals.captured(Context.background())).join();
    // doc:end
    assertThat(count).isEqualTo(2);
    assertThat(registry.get("millrace.pipeline.emitted").functionCounters()).isNotEmpty();
  }

  private static int positive(int n) {
    if (n <= 0) {
      throw new IllegalArgumentException(n + " is not positive");
    }
    return n;
  }

  @ParameterizedTest
  @MethodSource("engines")
  void policies(Engine engine) throws Exception {
    List<Failure<?>> dead = new ArrayList<>();
    List<Failure<?>> reported = new ArrayList<>();
    // doc:begin
    Pipeline<List<Integer>> job =
        Pipe.from(Source.of(List.of("1", "x", "3", "-4", "5")))
            .onFailure(FailurePolicy.deadLetters(dead::add)) // for the stages from here on
            .map("parse", Integer::valueOf)
            .onFailure(FailurePolicy.report()) // to the handler of the run: the default
            .map("inverse", n -> 60 / positive(n))
            .to(Sink.toList());
    // doc:end
    assertThat(job.start(engine, Context.background(), reported::add).join()).hasSize(3);
    assertThat(dead).singleElement().satisfies(f -> assertThat(f.stage()).isEqualTo("parse"));
    assertThat(reported).singleElement().satisfies(f -> assertThat(f.stage()).isEqualTo("inverse"));
  }

  @ParameterizedTest
  @MethodSource("engines")
  void retry(Engine engine) throws Exception {
    var calls = new AtomicInteger();
    List<Failure<?>> failures = new ArrayList<>();
    // doc:begin
    var retry =
        Retry.of(
                Backoff.exponential(Duration.ofMillis(1), Duration.ofMillis(50)).withFullJitter(),
                3)
            .onlyIf(IOException.class::isInstance);
    Pipeline<List<String>> job =
        Pipe.from(Source.of(List.of("a", "b")))
            .mapParallel("fetch", 8, retry.around(key -> fetch(calls, key)))
            .to(Sink.toList());
    // doc:end
    assertThat(job.start(engine, Context.background(), failures::add).join()).containsExactly("A");
    assertThat(failures).singleElement().satisfies(f -> assertThat(f.attempt()).isEqualTo(3));
  }

  private static String fetch(AtomicInteger calls, String key) throws IOException {
    if (key.equals("b")) {
      throw new IOException("no answer to call " + calls.incrementAndGet());
    }
    return "A";
  }

  @ParameterizedTest
  @MethodSource("engines")
  void failuresAsAChannel(Engine engine) throws Exception {
    Pipeline<Long> job =
        Pipe.from(Source.of(List.of("1", "x"))).map("parse", Integer::valueOf).to(Sink.count());
    Context context = Context.background();
    List<String> seen = new ArrayList<>();
    // doc:begin
    Channel<Failure<?>> failures = Channel.buffered(16);
    var run =
        job.start(engine, context, FailureHandlers.send(failures)); // a slow reader slows the run
    Thread.startVirtualThread(
        () -> {
          for (Failure<?> failure : failures) {
            seen.add(failure.stage() + ": " + failure.element());
          }
        });
    run.join();
    failures.close();
    // doc:end
    Awaitility.await().until(() -> seen.equals(List.of("parse: x")));
  }

  @ParameterizedTest
  @MethodSource("engines")
  void cancelled(Engine engine) throws Exception {
    Channel<String> requests = Channel.rendezvous();
    Pipeline<Long> job =
        Pipe.from(Source.channel(requests)).map("handle", String::length).to(Sink.count());
    // doc:begin
    try (var context = Context.background().withTimeout(Duration.ofMinutes(5))) {
      Run<Long> run = job.start(engine, context);
      requests.send("one");
      run.cancel(new IOException("shutting down")); // or the context's deadline, or its parent
      assertThatThrownBy(run::join)
          .isInstanceOf(CancellationException.class)
          .hasRootCauseMessage("shutting down");
      RunReport report = run.report();
      assertThat(report.balances()).isTrue(); // each element is accounted for, cancelled or not
    }
    // doc:end
  }

  @ParameterizedTest
  @MethodSource("engines")
  void drained(Engine engine) throws Exception {
    Channel<String> requests = Channel.buffered(8);
    Pipeline<Long> job =
        Pipe.from(Source.channel(requests)).map("handle", String::length).to(Sink.count());
    // doc:begin
    Run<Long> run = job.start(engine, Context.background());
    run.drain(Duration.ofSeconds(10)); // stops the sources, lets what is under way finish
    long handled = run.join();
    // doc:end
    assertThat(handled).isZero();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void explained(Engine engine) throws Exception {
    Channel<String> requests = Channel.rendezvous();
    List<String> shown = new ArrayList<>();
    // doc:begin
    Pipeline<Long> job =
        Pipe.from("requests", Source.channel(requests))
            .map("handle", String::length)
            .to(Sink.count());
    shown.add(job.mermaid()); // the graph, for a page
    Run<Long> run = job.start(engine, Context.background());
    shown.add(run.explain()); // which stage waits for what, since when
    shown.add(job.mermaid(run.report())); // the graph with the figures of now
    // doc:end
    run.close();
    assertThat(shown.get(0)).startsWith("flowchart").contains("handle");
    assertThat(shown.get(1)).contains("requests");
    assertThat(shown.get(2)).contains("queued 0");
  }

  @Test
  void flux() {
    // doc:begin
    Pipe<Integer> lengths =
        Pipe.from(Fluxes.from(Flux.just("a", "bb", "ccc"))) // a publisher as a source
            .mapParallel("length", 4, String::length);
    Flux<Integer> flux = Fluxes.asFlux(lengths); // a run for each subscription
    // doc:end
    assertThat(flux.collectList().block()).containsExactly(1, 2, 3);
  }

  @Test
  void firstFailureStopsARunWithoutAHandler() {
    Pipeline<Long> job =
        Pipe.from(Source.of(List.of("1", "x"))).map("parse", Integer::valueOf).to(Sink.count());
    assertThatThrownBy(() -> job.start(Engine.channels(), Context.background()).join())
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(NumberFormatException.class);
  }
}
