package dev.millrace.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeadLetterReplayTest {

  private static final TopicPartition DEAD = new TopicPartition("dead", 0);

  private final MockProducer<byte[], byte[]> producer =
      new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
  private @Nullable OffsetAndMetadata committed;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Letters of the groups g0 and g1 in turn, from partitions 0 to 2 in turn, one each second. */
  private static ConsumerRecord<byte[], byte[]> letter(int offset) {
    Exception cause =
        offset % 5 == 0 ? new IllegalStateException("never") : new IOException("Store is away");
    var source =
        new ConsumerRecord<>(
            "orders", offset % 3, offset, bytes("k" + offset), bytes("v" + offset));
    var headers =
        new RecordHeaders(
            new DeadLetter(source, DeadLetter.HANDLE, 1, cause, "g" + offset % 2, null)
                .toRecord("dead")
                .headers());
    return new ConsumerRecord<>(
        "dead",
        0,
        offset,
        offset * 1000L,
        TimestampType.CREATE_TIME,
        2,
        2,
        bytes("k" + offset),
        bytes("v" + offset),
        headers,
        Optional.empty());
  }

  private DeadLetterReplay.Report run(DeadLetterReplay.Builder replay) throws Exception {
    producer.clear();
    var consumer =
        new MockConsumer<byte[], byte[]>("earliest") {
          @Override
          public synchronized void commitSync(
              Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
            committed = offsets.get(DEAD);
          }

          @Override
          public synchronized Map<TopicPartition, OffsetAndMetadata> committed(
              Set<TopicPartition> partitions, Duration timeout) {
            return committed == null ? Map.of() : Map.of(DEAD, committed);
          }
        };
    consumer.updatePartitions(
        "dead", List.of(new PartitionInfo("dead", 0, null, new Node[0], new Node[0])));
    consumer.updateBeginningOffsets(Map.of(DEAD, 0L));
    consumer.updateEndOffsets(Map.of(DEAD, 20L));
    long from = committed == null ? 0 : committed.offset();
    consumer.schedulePollTask(
        () -> {
          for (int i = (int) from; i < 20; i++) {
            consumer.addRecord(letter(i));
          }
        });
    return replay.run(consumer, producer);
  }

  private static DeadLetterReplay.Builder all() {
    return DeadLetterReplay.builder(Map.of(), "dead");
  }

  private List<String> sent() {
    return producer.history().stream()
        .map(record -> new String(record.value(), StandardCharsets.UTF_8))
        .toList();
  }

  @Test
  void letterGoesBackToWhereItCameFromWithoutItsHeaders() throws Exception {
    assertThat(run(all())).isEqualTo(new DeadLetterReplay.Report(20, 0, 0));
    var first = producer.history().get(7);
    assertThat(first.topic()).isEqualTo("orders");
    assertThat(first.partition()).isEqualTo(1);
    assertThat(first.headers()).isEmpty();
    assertThat(run(all())).isEqualTo(new DeadLetterReplay.Report(0, 0, 0));
  }

  /** The core of the design: a filter leaves letters behind, and no letter is sent twice. */
  @Test
  void lettersThatAFilterLeavesAreSentByTheNextReplayAndNoneTwice() throws Exception {
    assertThat(run(all().filter(ReplayFilter.all().reason("store IS"))))
        .isEqualTo(new DeadLetterReplay.Report(16, 4, 0));
    assertThat(run(all().filter(ReplayFilter.all().group("g0"))))
        .isEqualTo(new DeadLetterReplay.Report(2, 2, 0));
    assertThat(sent()).containsExactly("v0", "v10");
    assertThat(run(all())).isEqualTo(new DeadLetterReplay.Report(2, 0, 0));
    assertThat(sent()).containsExactly("v5", "v15");
  }

  @Test
  void filtersTakeWhatTheySay() throws Exception {
    var filter =
        ReplayFilter.all()
            .topic("orders")
            .partition(1)
            .since(Instant.ofEpochSecond(4))
            .until(Instant.ofEpochSecond(10));
    run(all().filter(filter));
    assertThat(sent()).containsExactly("v4", "v7");
    run(all().filter(ReplayFilter.all().key("k3")));
    assertThat(sent()).containsExactly("v3");
    run(all().filter(ReplayFilter.all().topic("others")));
    assertThat(sent()).isEmpty();
  }

  @Test
  void limitLeavesTheRest() throws Exception {
    assertThat(run(all().limit(3)).sent()).isEqualTo(3);
    assertThat(run(all()).sent()).isEqualTo(17);
  }

  @Test
  void rateIsNotExceeded() throws Exception {
    long before = System.nanoTime();
    run(all().rate(100));
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofMillis(180));
  }

  @Test
  void dryRunSendsAndRemembersNothing() throws Exception {
    List<String> lines = new ArrayList<>();
    assertThat(run(all().limit(2).dryRun(lines::add)).sent()).isEqualTo(2);
    assertThat(sent()).isEmpty();
    assertThat(committed).isNull();
    assertThat(lines)
        .containsExactly(
            "orders-0 at offset 0, of the group g0: java.lang.IllegalStateException",
            "orders-1 at offset 1, of the group g1: java.io.IOException");
  }

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int command(String... arguments) {
    return ReplayCommand.run(
        arguments,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private String errors() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void helpTellsTheOptions() {
    assertThat(command("--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("--reason", "--since", "--limit", "--rate", "--dry-run", "--group");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --limt 3 a b       | there is no option --limt
          --limit x a b      | --limit needs a number
          --since today a b  | --since needs a time such as
          a                  | there are 1 arguments
          /no/such/file dead | there is no file /no/such/file
          --reason           | --reason needs a value
          """)
  void wrongArgumentIsNamedWithoutAStackTrace(String line, String message) {
    assertThat(command(line.split(" "))).isEqualTo(2);
    assertThat(errors()).contains(message).contains("--help").doesNotContain("\tat ");
  }

  @Test
  void failureIsOneLine(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("client.properties"), "bootstrap.servers=\n");
    assertThat(command(file.toString(), "dead")).isEqualTo(1);
    assertThat(errors()).startsWith("DeadLetterReplay: ").hasLineCount(1);
  }
}
