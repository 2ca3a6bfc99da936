package dev.millrace.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channels;
import dev.millrace.channel.ReceiveChannel;
import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.stages.CircuitBreaker;
import dev.millrace.stages.Hedge;
import dev.millrace.stages.Retry;
import dev.millrace.stages.channel.Stages;
import dev.millrace.stages.channel.Step;
import dev.millrace.sync.TaskGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The pipeline and reliability snippets of the guide for Go programmers, run. */
@Timeout(30)
class PipelinesFromGoTest {

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  @Test
  void simplePipeline() throws Exception {
    List<String> printed = new ArrayList<>();
    // doc:begin
    try (var group = TaskGroup.open(Context.background())) {
      // The producer starts at once, in a task of the group. It makes its channel and closes it.
      ReceiveChannel<String> words = Stages.producer(group, List.of("foo", "bar", "baz"));
      for (String word : words) { // the sink, in this thread: ends when the channel is closed
        printed.add(word);
      }
    }
    // doc:end
    assertThat(printed).containsExactly("foo", "bar", "baz");
  }

  @ParameterizedTest
  @MethodSource("engines")
  void simpleBlueprint(Engine engine) throws Exception {
    List<String> printed = new ArrayList<>();
    // doc:begin
    var job =
        Pipe.from(Source.of(List.of("foo", "bar", "baz")))
            .map("upper case", String::toUpperCase)
            .to(Sink.forEach(printed::add));
    long count = job.start(engine, Context.background()).join(); // any number of times
    // doc:end
    assertThat(count).isEqualTo(3);
    assertThat(printed).containsExactly("FOO", "BAR", "BAZ");
  }

  @Test
  void shutdownByContext() throws Exception {
    Iterable<Integer> endless = () -> IntStream.iterate(1, n -> n + 1).boxed().iterator();
    List<Integer> seen = new ArrayList<>();
    var cause = new IOException("SIGTERM");
    // doc:begin
    try (var context = Context.background().withCancel();
        var group = TaskGroup.open(context)) {
      ReceiveChannel<Integer> numbers = Stages.producer(group, endless);
      assertThatThrownBy(
              () -> {
                for (Integer n; (n = numbers.receiveOrNull(context)) != null; ) { // null: closed
                  seen.add(n);
                  if (n == 3) {
                    context.cancel(cause); // stops the producer too
                  }
                }
              })
          .isInstanceOf(CancellationException.class) // cancelled is not the same as closed
          .hasCause(cause);
    } // no task is alive from here on
    // doc:end
    assertThat(seen).containsExactly(1, 2, 3);
  }

  @Test
  void fanOutFanIn() throws Exception {
    List<Integer> lengths = new ArrayList<>();
    // doc:begin
    try (var group = TaskGroup.open(Context.background())) {
      var words = Stages.producer(group, List.of("a", "bb", "ccc", "dddd"));
      List<ReceiveChannel<Integer>> workers = new ArrayList<>();
      List<ReceiveChannel<Failure<String>>> errors = new ArrayList<>();
      for (int i = 0; i < 3; i++) { //              fan-out: three steps read one channel
        Step<String, Integer> step = Stages.step(group, "length", words, 1, String::length);
        workers.add(step.values());
        errors.add(step.errors());
      }
      ReceiveChannel<Integer> merged = Stages.merge(group, workers); // fan-in
      Stages.sink(group, merged, Stages.merge(group, errors), lengths::add);
    } // merge closes its channel after the last input has ended
    // doc:end
    assertThat(lengths).containsExactlyInAnyOrder(1, 2, 3, 4);
  }

  @Test
  void errorChannel() throws Exception {
    List<Double> results = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    // doc:begin
    try (var group = TaskGroup.open(Context.background())) {
      var texts = Stages.producer(group, List.of("1", "x", "0", "4"));
      Step<String, Integer> parsed = Stages.step(group, "parse", texts, 1, Integer::valueOf);
      Step<Integer, Double> inverse =
          Stages.step(group, "inverse", parsed.values(), 1, PipelinesFromGoTest::inverse);
      Stages.sink(
          group,
          inverse.values(),
          Stages.merge(group, List.of(parsed.errors(), inverse.errors())), // one for all stages
          results::add,
          failure -> errors.add(failure.stage() + ": " + failure.element())); // goes on
    }
    // doc:end
    assertThat(results).containsExactlyInAnyOrder(1.0, 0.25);
    assertThat(errors).containsExactlyInAnyOrder("parse: x", "inverse: 0");
  }

  private static double inverse(int n) {
    if (n == 0) {
      throw new ArithmeticException("division by zero");
    }
    return 1.0 / n;
  }

  private record Order(String customer, int amount) {
    static Order parse(String line) {
      String[] parts = line.split(",", 2);
      return new Order(parts[0], Integer.parseInt(parts[1]));
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void typedStages(Engine engine) throws Exception {
    // doc:begin
    StageFunction<String, Order> parse = Order::parse; // func(In) (Out, error)
    Pipe<String> lines = Pipe.from(Source.of(List.of("ada,3", "bob,4")));
    Pipe<Order> orders = lines.map("parse", parse);
    Pipe<Integer> amounts = orders.map("amount", Order::amount);
    // Pipe<Integer> wrong = lines.map("amount", Order::amount); does not compile
    int sum =
        amounts.to(Sink.fold(() -> 0, Integer::sum)).start(engine, Context.background()).join();
    // doc:end
    assertThat(sum).isEqualTo(7);
  }

  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();

  private int slowLength(String word) {
    most.accumulateAndGet(running.incrementAndGet(), Math::max);
    Thread.yield();
    running.decrementAndGet();
    return word.length();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void boundedMap(Engine engine) throws Exception {
    List<String> words = IntStream.range(0, 100).mapToObj("x"::repeat).toList();
    // doc:begin
    List<Integer> lengths =
        Pipe.from(Source.of(words))
            .mapParallel("length", 4, this::slowLength) // at most 4 at once; keeps the order
            .to(Sink.toList())
            .start(engine, Context.background())
            .join();
    // doc:end
    assertThat(lengths).isEqualTo(IntStream.range(0, 100).boxed().toList());
    assertThat(most).hasValueLessThanOrEqualTo(4);
  }

  @Test
  void boundedStep() throws Exception {
    List<String> words = IntStream.range(0, 100).mapToObj("x"::repeat).toList();
    List<Integer> got;
    // doc:begin
    try (var group = TaskGroup.open(Context.background())) {
      var in = Stages.producer(group, words);
      var lengths = Stages.step(group, "length", in, 4, this::slowLength); // a task per element
      got = Channels.toList(lengths.values(), group.context());
    }
    // doc:end
    assertThat(got).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 100).boxed().toList());
    assertThat(most).hasValueLessThanOrEqualTo(4);
  }

  @Test
  void backoffs() {
    var random = RandomGenerator.of("L64X128MixRandom");
    // doc:begin
    Duration first = Duration.ofMillis(100);
    Duration max = Duration.ofSeconds(5);
    Backoff fixed = Backoff.fixed(first); //                             100, 100, 100 ms
    Backoff linear = Backoff.linear(first, max); //                      100, 200, 300 ms
    Backoff linearJitter = linear.withJitter(0.2); //                    each ± 20 %
    Backoff exponential = Backoff.exponential(first, 3, max); //         100, 300, 900 ms
    Backoff exponentialJitter = exponential.withFullJitter(); //         from 0 to that
    // doc:end
    assertThat(fixed.delay(3, random)).isEqualTo(Duration.ofMillis(100));
    assertThat(linear.delay(3, random)).isEqualTo(Duration.ofMillis(300));
    assertThat(linearJitter.delay(3, random))
        .isBetween(Duration.ofMillis(240), Duration.ofMillis(360));
    assertThat(exponential.delay(3, random)).isEqualTo(Duration.ofMillis(900));
    assertThat(exponentialJitter.delay(3, random)).isBetween(Duration.ZERO, Duration.ofMillis(900));
    assertThat(exponential.delay(1_000, random)).isEqualTo(max);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void retry(Engine engine) throws Exception {
    Queue<String> calls = new ConcurrentLinkedQueue<>();
    List<Failure<?>> failures = new ArrayList<>();
    StageFunction<String, String> fetch =
        url -> {
          calls.add(url);
          throw url.equals("flaky")
              ? new IOException("no route")
              : new IllegalArgumentException("404");
        };
    // doc:begin
    var retry =
        Retry.of(Backoff.fixed(Duration.ofMillis(1)), 3) // at most three attempts
            .onlyIf(IOException.class::isInstance); //      the decision: a 404 is final
    Pipe.from(Source.of(List.of("flaky", "missing")))
        .map("fetch", retry.around(fetch))
        .to(Sink.count())
        .start(engine, Context.background(), failures::add)
        .join();
    // doc:end
    assertThat(calls).containsExactly("flaky", "flaky", "flaky", "missing");
    assertThat(failures).extracting(Failure::attempt).containsExactly(3, 1);
  }

  @Test
  void hedge() throws Exception {
    var calls = new AtomicInteger();
    var cancelled = new CountDownLatch(1);
    StageFunction<String, String> search =
        query -> {
          if (calls.incrementAndGet() == 1) {
            try {
              new CountDownLatch(1).await(); // the first replica never answers
            } finally {
              cancelled.countDown();
            }
          }
          return "result for " + query;
        };
    // doc:begin
    var hedge = Hedge.after(Duration.ofMillis(10)).withBudget(0.05); // 5 % of the calls
    String answer = hedge.around(search).apply("cats"); // the loser is interrupted
    // doc:end
    assertThat(answer).isEqualTo("result for cats");
    assertThat(calls).hasValue(2);
    assertThat(cancelled.getCount()).isZero();
  }

  @Test
  void circuitBreaker() throws Exception {
    var calls = new AtomicInteger();
    StageFunction<String, String> price =
        item -> {
          calls.incrementAndGet();
          throw new IOException("down");
        };
    // doc:begin
    var breaker = CircuitBreaker.of(2, Duration.ofSeconds(30)); // opens after 2 failures in a row
    StageFunction<String, String> guarded =
        breaker.around(price, item -> "price of yesterday"); // the answer while it is open
    // doc:end
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> guarded.apply("tea")).isInstanceOf(IOException.class);
    }
    assertThat(breaker.state()).isEqualTo(CircuitBreaker.State.OPEN);
    assertThat(guarded.apply("tea")).isEqualTo("price of yesterday");
    assertThat(calls).hasValue(2);
  }

  @Test
  void options() throws Exception {
    List<Integer> answers = new ArrayList<>();
    StageFunction<Integer, Integer> square = n -> n * n;
    // doc:begin
    var defaults = Hedge.after(Duration.ofMillis(80)); //       the common case: a factory
    var tuned = defaults.withMaxAttempts(3).withBudget(0.05); // options: immutable copies
    // doc:end
    answers.add(defaults.around(square).apply(3));
    answers.add(tuned.around(square).apply(4));
    assertThat(answers).containsExactly(9, 16);
    assertThat(tuned).isNotSameAs(defaults);
    assertThatThrownBy(() -> defaults.withMaxAttempts(1))
        .isInstanceOf(IllegalArgumentException.class); // refused at construction
  }
}
