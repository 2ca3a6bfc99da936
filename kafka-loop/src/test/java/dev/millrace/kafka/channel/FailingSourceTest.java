package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.SourceFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is settled and committed when a source of a pipeline over Kafka fails. */
class FailingSourceTest extends WithMockConsumer {

  private final CountDownLatch fail = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);
  private final Set<Long> begun = ConcurrentHashMap.newKeySet();
  private final Set<Long> handled = ConcurrentHashMap.newKeySet();

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  private Pipe<String> records() {
    return KafkaSource.<String, String>builder()
        .properties(properties())
        .topics("orders")
        .commitInterval(Duration.ofMillis(10))
        .factory(properties -> mock)
        .build()
        .pipe("orders")
        .buffer("ahead", 2) // so that the source is asked for more while a record is handled
        .map("handle", this::handle);
  }

  /** The records from 3 on wait. */
  private String handle(ConsumerRecord<String, String> record) throws InterruptedException {
    begun.add(record.offset());
    if (record.offset() >= 3) {
      go.await();
    }
    handled.add(record.offset());
    return record.value();
  }

  /** A source that fails as soon as it may. */
  private Pipe<String> failing(SourceFailure policy) {
    Source<String> source =
        Source.generate(
            () -> {
              fail.await();
              throw new IOException("the other source");
            });
    return Pipe.from("other", source.onFailure(policy));
  }

  private static Run<Long> start(Pipeline<Long> pipeline, Engine engine) {
    return pipeline.start(engine, Context.background());
  }

  private static void assertThatItFails(Run<?> run, Class<? extends Exception> cause) {
    assertThatThrownBy(run::join)
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(cause);
  }

  private @Nullable Long lastCommit() {
    return lastCommits.get(P0);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void consumerThatFailsCommitsWhatIsSettledAndNothingElse(Engine engine) {
    assign(4, P0); // no more, so that the source waits for another one
    var run = start(records().to(Sink.count()), engine);
    await().until(() -> begun.contains(3L) && Long.valueOf(3).equals(lastCommit()));
    mock.setPollException(new AuthorizationException("not for you"));
    assertThatItFails(run, AuthorizationException.class);
    assertThat(lastCommit()).isEqualTo(3);
    assertThat(handled).containsExactlyInAnyOrder(0L, 1L, 2L);
    assertThat(mock.closed()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void anotherSourceThatFailsFastLeavesTheRecordsUnderWayUnsettled(Engine engine) {
    assign(10, P0);
    var merged = Pipe.merge("both", List.of(records(), failing(SourceFailure.FAIL_FAST)));
    var run = start(merged.to(Sink.count()), engine);
    await().until(() -> begun.contains(3L) && Long.valueOf(3).equals(lastCommit()));
    fail.countDown();
    assertThatItFails(run, IOException.class);
    assertThat(lastCommit()).isEqualTo(3);
    assertThat(mock.closed()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void anotherSourceThatFailsAfterTheDrainSettlesAndCommitsTheRecordsUnderWay(Engine engine) {
    assign(10, P0);
    var merged = Pipe.merge("both", List.of(records(), failing(SourceFailure.FAIL_AFTER_DRAIN)));
    var run = start(merged.to(Sink.count()), engine);
    await().until(() -> begun.contains(3L) && Long.valueOf(3).equals(lastCommit()));
    fail.countDown();
    await().until(() -> run.report().stages().stream().anyMatch(s -> s.name().equals("other")));
    go.countDown();
    assertThatItFails(run, IOException.class);
    // Each record that was begun was settled, and is committed: none of them comes again.
    long last = handled.stream().mapToLong(offset -> offset).max().orElseThrow();
    assertThat(handled).isEqualTo(begun).hasSize((int) last + 1);
    assertThat(lastCommit()).isEqualTo(last + 1);
    assertThat(mock.closed()).isTrue();
  }
}
