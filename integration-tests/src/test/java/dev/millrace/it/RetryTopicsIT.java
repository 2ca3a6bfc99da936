package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.DeadLetterHeaders;
import dev.millrace.kafka.DeadLetterReplay;
import dev.millrace.kafka.RetryHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Failed records wait in retry topics over a real broker, also while no loop runs. */
@ParameterizedClass
@EnumSource(Face.class)
class RetryTopicsIT extends WithTransactions {

  private static final int RECORDS = 300;

  private String first = "";
  private String second = "";
  private String dead = "";

  /** The number of calls of the handler, by value. */
  private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();

  private final List<String> early = Collections.synchronizedList(new ArrayList<>());
  private final Set<String> topicsSeen = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean repaired = new AtomicBoolean();

  @BeforeEach
  void createRetryTopics() throws Exception {
    first = topic + ".retry.1";
    second = topic + ".retry.2";
    dead = topic + ".dead";
    for (String name : List.of(first, second, dead)) {
      createTopic(name, PARTITIONS);
    }
  }

  private static String text(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }

  /** Values that end in 0 always fail, 1 once, 2 twice; none of them twice in one topic. */
  private void handle(ConsumerRecord<String, String> record) throws IOException {
    topicsSeen.add(record.topic());
    String due = text(record, RetryHeaders.DUE);
    if (!due.isEmpty() && System.currentTimeMillis() < Long.parseLong(due)) {
      early.add(record.value());
    }
    int call =
        calls.computeIfAbsent(record.value(), value -> new AtomicInteger()).incrementAndGet();
    int failures =
        switch (record.value().charAt(record.value().length() - 1)) {
          case '0' -> repaired.get() ? 0 : Integer.MAX_VALUE;
          case '1' -> 1;
          case '2' -> 2;
          default -> 0;
        };
    if (call <= failures) {
      throw new IOException("call " + call);
    }
  }

  private FaceBuilder retrying(Duration delay) {
    return retrying(Map.of(), delay);
  }

  private FaceBuilder retrying(Map<String, ?> properties, Duration delay) {
    return builder(properties)
        .commitInterval(Duration.ofMillis(20))
        .onError(errors::add)
        .handler(
            record -> {
              handle(record);
              count(record.value());
            })
        .with(loop -> loop.retryTopic(first, delay).retryTopic(second, Duration.ofMillis(300)))
        .deadLetterTopic(dead);
  }

  private List<ConsumerRecord<String, String>> records(String name) {
    List<ConsumerRecord<String, String>> all = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(
            Map.<String, Object>of("bootstrap.servers", bootstrapServers()),
            new StringDeserializer(),
            new StringDeserializer())) {
      List<TopicPartition> partitions =
          IntStream.range(0, PARTITIONS).mapToObj(i -> new TopicPartition(name, i)).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
        consumer.poll(Duration.ofMillis(100)).forEach(all::add);
      }
    }
    return all;
  }

  private long committed(String name) throws Exception {
    long sum = 0;
    for (var each : commits().entrySet()) {
      sum += each.getKey().topic().equals(name) ? each.getValue().offset() : 0;
    }
    return sum;
  }

  private void awaitDone(int poisoned) {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> {
              assertThat(handled).hasSize(RECORDS - poisoned);
              assertThat(committed(topic)).isGreaterThanOrEqualTo(RECORDS);
              assertThat(committed(first)).isEqualTo(RECORDS * 3 / 10);
              assertThat(committed(second)).isEqualTo(RECORDS * 2 / 10);
            });
  }

  /** Another member has sent it, before the owner of its partition has committed the start. */
  @Test
  void recordThatCameBeforeTheStartIsHandledWithLatest() throws Exception {
    produce(List.of(new ProducerRecord<>(first, new byte[] {'k'}, new byte[] {'v', '3'})));
    var latest = Map.of("auto.offset.reset", "latest");
    Running one = start(retrying(latest, Duration.ofSeconds(1)).build());
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == 1);
    assertThat(topicsSeen).containsOnly(first);
    one.drain();
  }

  @Test
  void recordsWaitOverARestartAndComeWhenTheyAreDue() throws Exception {
    produce(0, RECORDS);
    Running one = start(retrying(Duration.ofSeconds(6)).build());
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> committed(topic) == RECORDS); // nothing waits for a failed record
    assertThat(topicsSeen).containsOnly(topic);
    one.drain();
    assertThat(handled).hasSize(RECORDS * 7 / 10);
    assertThat(records(first)).hasSize(RECORDS * 3 / 10);

    Running two = start(retrying(Duration.ofSeconds(6)).build());
    awaitDone(RECORDS / 10);
    assertThat(early).isEmpty();
    assertThat(topicsSeen).containsExactlyInAnyOrder(topic, first, second);
    assertThat(calls.get("value-1")).hasValue(2);
    assertThat(calls.get("value-2")).hasValue(3);
    assertThat(calls.get("value-10")).hasValue(3);
    List<ConsumerRecord<String, String>> letters = records(dead);
    assertThat(letters)
        .hasSize(RECORDS / 10)
        .allSatisfy(
            letter -> {
              assertThat(text(letter, DeadLetterHeaders.TOPIC)).isEqualTo(topic);
              assertThat(text(letter, DeadLetterHeaders.ATTEMPTS)).isEqualTo("3");
              assertThat(text(letter, DeadLetterHeaders.REASON)).isEqualTo("call 3");
              assertThat(letter.headers())
                  .noneMatch(header -> header.key().startsWith(RetryHeaders.PREFIX));
            });

    repaired.set(true);
    DeadLetterReplay.Report report =
        DeadLetterReplay.run(Map.of("bootstrap.servers", bootstrapServers()), dead);
    assertThat(report.sent()).isEqualTo(RECORDS / 10);
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == RECORDS);
    two.drain();
    assertThat(repeated()).isZero();
    assertThat(records(topic)).hasSize(RECORDS * 11 / 10);
  }

  @Test
  void anotherMemberTakesOverRecordsThatWait() throws Exception {
    produce(0, RECORDS);
    Running one = start(retrying(Duration.ofSeconds(4)).build());
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(topic) == RECORDS);
    Running two = start(retrying(Duration.ofSeconds(4)).build());
    await().until(() -> two.loop().partitions().size() > 0);
    one.drain();
    awaitDone(RECORDS / 10);
    two.drain();
    assertThat(early).isEmpty();
    assertThat(records(dead)).hasSizeGreaterThanOrEqualTo(RECORDS / 10);
  }

  @Test
  void withTransactionsTheRetryAndTheCommitAreOne() throws Exception {
    produce(0, RECORDS);
    Running running =
        start(
            transactional(
                    Map.of(),
                    (record, output) -> {
                      handle(record);
                      count(record.value());
                      output.send(
                          new ProducerRecord<>(
                              invoices, record.key(), "invoice of " + record.value()));
                    })
                .with(
                    loop ->
                        loop.retryTopic(first, Duration.ofMillis(300))
                            .retryTopic(second, Duration.ofMillis(300)))
                .deadLetterTopic(dead)
                .build());
    await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == RECORDS * 9 / 10);
    await().atMost(Duration.ofSeconds(60)).until(() -> records(dead).size() >= RECORDS / 10);
    running.drain();
    Map<String, List<String>> byKey = read(invoices);
    assertThat(byKey.values().stream().flatMap(List::stream).toList())
        .hasSize(RECORDS * 9 / 10)
        .doesNotHaveDuplicates();
    assertThat(read(dead).values().stream().flatMap(List::stream))
        .hasSize(RECORDS / 10)
        .allMatch(value -> value.endsWith("0"));
    assertThat(early).isEmpty();
  }
}
