package dev.millrace.samples.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testkit.KafkaTest;
import dev.millrace.testkit.TestKafka;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@KafkaTest
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerifyRepositoryIT {

  private final TestKafka broker;

  @TempDir private Path repository;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  VerifyRepositoryIT(TestKafka broker) {
    this.broker = broker;
  }

  private int demo(String... args) {
    return VerifyRepository.execute(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        args);
  }

  private int demoOnRepository(String... more) {
    String[] args = {
      "--repository", repository.toString(), "--bootstrap-servers", broker.bootstrapServers()
    };
    return demo(
        Stream.concat(List.of(args).stream(), List.of(more).stream()).toArray(String[]::new));
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private void jars(int n) throws Exception {
    for (int i = 0; i < n; i++) {
      Jars.good(repository.resolve("org/example/lib" + i + "/1.0/lib" + i + "-1.0.jar"));
    }
  }

  @Test
  void soundRepositoryBalances() throws Exception {
    jars(50);
    assertThat(demoOnRepository()).isZero();
    assertThat(printed())
        .contains("verified        50 (50 by SHA-1 and CRC, 0 by CRC)")
        .contains("balance         sent 50 = verified 50 + dead-lettered 0: balanced");
    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void damagedJarIsADeadLetter() throws Exception {
    jars(10);
    Path damaged = Jars.write(repository.resolve("org/bad/lib/1.0/bad.jar"));
    Jars.damage(damaged);
    assertThat(demoOnRepository("--concurrency", "3")).isEqualTo(1);
    assertThat(printed())
        .contains("org/bad/lib/1.0/bad.jar")
        .contains("an entry's CRC differs: entry stored.txt")
        .contains("balance         sent 11 = verified 10 + dead-lettered 1: balanced");
  }

  @Test
  void limitIsKeptAndAnEmptyRepositoryBalances() throws Exception {
    jars(10);
    assertThat(demoOnRepository("--limit", "4", "--http", "0")).isZero();
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("the consumer is shown at http://127.0.0.1:");
    assertThat(printed()).contains("sent 4 = verified 4");
    Path empty = Files.createDirectory(repository.resolve("empty"));
    String servers = broker.bootstrapServers();
    assertThat(demo("--repository", empty.toString(), "--bootstrap-servers", servers)).isZero();
    assertThat(printed()).contains("sent 0 = verified 0 + dead-lettered 0: balanced");
  }

  @Test
  void malformedRecordGoesToTheDeadLetters() throws Exception {
    var topics = Topics.of("malformed");
    for (String topic : topics.all()) {
      broker.createTopic(topic, Topics.PARTITIONS);
    }
    var tally = new Tally();
    Map<String, Object> consuming =
        VerifierApp.consumerProperties(broker.bootstrapServers(), "malformed");
    try (var producer =
            new KafkaProducer<String, String>(
                VerifierApp.producerProperties(broker.bootstrapServers()));
        var consumer = new KafkaConsumer<String, String>(consuming)) {
      var app = new VerifierApp(repository, topics, producer, () -> {});
      app.handle(new ConsumerRecord<>(topics.artifacts(), 1, 7, null, "../../etc/passwd.jar"));
      app.handle(new ConsumerRecord<>(topics.artifacts(), 1, 8, null, null));
      consumer.subscribe(List.of(topics.deadLetters()));
      while (tally.deadLettered() < 2) {
        consumer
            .poll(Duration.ofMillis(200))
            .forEach(record -> VerifierApp.count(record, topics, tally));
      }
    }
    assertThat(tally.reasons()).isEqualTo(Map.of(Reason.MALFORMED_RECORD, 2L));
    assertThat(tally.failures()).containsKeys("../../etc/passwd.jar", topics.artifacts() + "-1@8");
  }

  @Test
  void badUsageAndEnvironmentAreOneClearLine() {
    String[][] bad = {
      {"--repository", "does/not/exist"},
      {"--concurrency", "0"},
      {"--concurrency", "many"},
      {"--limit", "-3"},
      {"--nonsense"},
      {"--repository", ".", "--bootstrap-servers", "127.0.0.1:1"},
      {"--repository", ".", "--bootstrap-servers", "no address"},
    };
    for (String[] args : bad) {
      err.reset();
      long start = System.nanoTime();
      assertThat(demo(args)).as(String.join(" ", args)).isEqualTo(2);
      assertThat(err.toString(StandardCharsets.UTF_8).lines()).as("%s", err).hasSize(1);
      assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("demo: ");
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isLessThan(Duration.ofSeconds(50)); // Kafka waits for a minute
    }
  }

  @Test
  void helpNamesEveryOption() {
    assertThat(demo("--help")).isZero();
    assertThat(printed())
        .contains("--repository", "--bootstrap-servers", "--concurrency", "--limit", "Exit status");
  }
}
