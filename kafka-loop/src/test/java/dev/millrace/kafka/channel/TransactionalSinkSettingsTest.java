package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Batches;
import dev.millrace.pipeline.Bytes;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.EventWindows;
import dev.millrace.pipeline.Frames;
import dev.millrace.pipeline.Groups;
import dev.millrace.pipeline.Operators;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.pipeline.Windows;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

/** Pipelines and settings that cannot be exactly once are refused before anything runs. */
class TransactionalSinkSettingsTest extends WithTransactionalSource {

  private static Pipe<String> values(KafkaSource<String, String> source, String name) {
    return source.pipe(name).map(name + "/value", ConsumerRecord::value);
  }

  private void assertRefused(Pipeline<Long> pipeline, String... texts) {
    assertThatThrownBy(() -> start(pipeline))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(texts);
    assertThat(mock.subscription()).isEmpty();
  }

  @Test
  void sinkOfAnotherSourceIsRefused() {
    KafkaSource<String, String> other = source().build();
    assertRefused(
        values(source().build(), "orders").to(sink(other)),
        "'produce'",
        "'orders'",
        "sink(…) of that source");
  }

  @Test
  void sinkBehindASourceWithoutTransactionsIsRefused() {
    KafkaSource<String, String> plain =
        KafkaSource.<String, String>builder().properties(properties()).topics("orders").build();
    assertRefused(values(plain, "plain").to(sink(source().build())), "'produce'", "'plain'");
    assertThatThrownBy(() -> sink(plain))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("sink(…)", "transactional()");
    assertThatThrownBy(plain::toDeadLetters)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("toDeadLetters()", "transactional()");
  }

  @Test
  void elementsOfTwoSourcesAreRefused() {
    KafkaSource<String, String> source = source().build();
    Pipe<String> both =
        Pipe.merge(
            "both", List.of(values(source, "orders"), Pipe.from("more", Source.of(List.of("x")))));
    assertRefused(both.to(sink(source)), "'produce'", "'more'");
  }

  @Test
  void elementsOfTwoConsumersOfTheSourceAreRefused() {
    KafkaSource<String, String> source = source().build();
    Pipe<String> both =
        Pipe.merge("both", List.of(values(source, "left"), values(source, "right")));
    assertRefused(both.to(sink(source)), "'produce'", "second consumer", "broadcast");
  }

  @Test
  void sourceAboveAFanOutIsSeenInItsBranches() {
    KafkaSource<String, String> source = source().build();
    KafkaSource<String, String> other = source().build();
    assertRefused(
        values(source, "orders")
            .<String>broadcast(
                "all", List.of(pipe -> sink(source).stages(pipe), sink(other, "wrong")::stages))
            .to(Sink.count()),
        "'wrong'",
        "'orders'");
  }

  /** Each output would wait for the next one, so that nothing could ever be committed. */
  @Test
  void resultsThatShareElementsAreRefused() {
    KafkaSource<String, String> source = source().build();
    TransactionalSink<List<String>> lists =
        source.sink(
            "produce", list -> new ProducerRecord<>("invoices", "k", "" + list), TEXT, TEXT);
    assertRefused(
        values(source, "orders").window("windows", 3, 1).to(lists), "'produce'", "'windows'");
    assertRefused(
        values(source, "orders")
            .via("second", Windows.sliding(Duration.ofSeconds(2), Duration.ofSeconds(1), 100))
            .to(lists),
        "'second'");
    assertRefused(
        values(source, "orders").via("keys", Batches.byKey(5, value -> value)).to(lists), "'keys'");
    assertRefused(
        values(source, "orders")
            .via("weights", Batches.byWeight(5, 5, String::length, Duration.ofSeconds(1)))
            .to(lists),
        "'weights'");
    assertRefused(
        values(source, "orders").via("skip", Operators.skipLast(2)).to(sink(source)), "'skip'");
  }

  /** Windows, groups and messages are open at the same time. */
  @Test
  void resultsThatOverlapInTimeAreRefused() {
    KafkaSource<String, String> source = source().build();
    TransactionalSink<Object> sink =
        source.sink("produce", one -> new ProducerRecord<>("invoices", "k", "" + one), TEXT, TEXT);
    Duration minute = Duration.ofMinutes(1);
    assertRefused(
        values(source, "orders")
            .via(
                "minutes",
                EventWindows.<String>tumbling(
                    minute, value -> Instant.EPOCH, Duration.ZERO, 9, late -> {}))
            .map("object", one -> (Object) one)
            .to(sink),
        "'minutes'");
    assertRefused(
        values(source, "orders")
            .via(
                "groups",
                Groups.<String, Object>byKey(
                    value -> value,
                    9,
                    minute,
                    group -> group.batch("batch", 2).map("object", list -> (Object) list)))
            .to(sink),
        "'groups'");
    assertRefused(
        values(source, "orders")
            .via(
                "parts",
                Groups.<String, Object>splitBefore(
                    String::isEmpty,
                    group -> group.batch("batch", 2).map("object", list -> (Object) list)))
            .to(sink),
        "'parts'");
    Pipe<byte[]> bytes =
        values(source, "orders").map("bytes", text -> text.getBytes(StandardCharsets.UTF_8));
    assertRefused(
        bytes.via("frames", Frames.byLength(1, 9)).map("object", one -> (Object) one).to(sink),
        "'frames'");
    assertRefused(
        bytes.via("gzip", Bytes.gzip()).map("object", one -> (Object) one).to(sink), "'gzip'");
  }

  @Test
  void groupsThatHoldNothingAreNotRefused() throws Exception {
    KafkaSource<String, String> source = source().build();
    TransactionalSink<Object> sink =
        source.sink("produce", one -> new ProducerRecord<>("invoices", "k", "" + one), TEXT, TEXT);
    Run<Long> run =
        values(source, "orders")
            .via(
                "groups",
                Groups.<String, Object>byKey(
                    value -> value,
                    9,
                    Duration.ofMinutes(1),
                    group -> group.take("few", 2).map("object", one -> (Object) one)))
            .to(sink)
            .start(Engine.named("channels"), Context.background());
    run.drain(Duration.ofSeconds(5));
    assertThat(run.join()).isZero();
  }

  @Test
  void sinkThatIsOpenedWithoutItsStageIsRefused() {
    assertThatThrownBy(() -> sink(source().build()).open(Context.background()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Pipe.to(…)");
  }

  @Test
  void lettersNeedATopicAndTransactions() {
    assertThatThrownBy(() -> source().build().toDeadLetters())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("deadLetterTopic(…)");
    assertThatThrownBy(
            () ->
                KafkaSource.<String, String>builder()
                    .properties(properties())
                    .topics("orders")
                    .deadLetterTopic("dead")
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("dead", "transactional()");
    assertThatThrownBy(() -> source().deadLetterTopic("orders").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one of the topics");
    assertThatThrownBy(() -> source().deadLetterTopic("a b"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void lettersOfAnotherPipelineStopItsRun() {
    var letters = source().deadLetterTopic("dead").build().toDeadLetters();
    var run =
        Pipe.from("numbers", Source.of(List.of(1)))
            .map("fail", n -> Integer.parseInt("no number " + n))
            .to(Sink.count())
            .start(Engine.channels(), Context.background(), letters);
    assertThatThrownBy(run::join).hasStackTraceContaining("made of no record of the source");
  }

  @Test
  void unsafePropertiesOfTheProducerAreRefused() {
    assertThatThrownBy(() -> source().transactional(Map.of("acks", "1")).build())
        .hasMessageContaining("acks");
    assertThatThrownBy(() -> source().transactional(Map.of("enable.idempotence", "false")).build())
        .hasMessageContaining("enable.idempotence");
    assertThatThrownBy(() -> source().transactional(Map.of("linger.ms", "soon")).build())
        .hasMessageContaining("linger.ms");
  }

  @Test
  void eachRunHasATransactionalIdOfItsOwn() throws Exception {
    List<Object> ids = new CopyOnWriteArrayList<>();
    var source =
        source()
            .producerFactory(
                properties -> {
                  ids.add(String.valueOf(properties.get("transactional.id")));
                  return producers().apply(properties);
                })
            .build();
    assign(1, P0);
    var run = start(values(source, "orders").to(sink(source)));
    awaitCommit(P0, 1);
    drain(run);
    var again = start(values(source, "orders").to(sink(source)));
    assertThatThrownBy(again::join).isInstanceOf(Exception.class); // the mock is closed
    assertThat(ids).hasSizeGreaterThanOrEqualTo(1).doesNotHaveDuplicates();
    assertThat(ids.getFirst().toString()).startsWith("test-");
  }
}
