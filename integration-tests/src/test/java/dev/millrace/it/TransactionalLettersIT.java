package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.errors.Backoff;
import dev.millrace.it.FaceBuilder.Face;
import dev.millrace.kafka.RecordFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Dead letters in transactions, while their topic is down: the letters wait, and no other record
 * does.
 */
@ParameterizedClass
@EnumSource(Face.class)
class TransactionalLettersIT extends WithTransactions {

  private static final int POISONED = 0;
  private static final int OTHER = 1;

  private final AtomicInteger attempts = new AtomicInteger();
  private String dead = "";

  @BeforeEach
  void nameLetters() {
    dead = topic + "-dead";
  }

  /** The value 5 fails; its partition has nine other records. */
  private Running startWithPoison(Map<String, ?> producerProperties) throws Exception {
    produceTo(POISONED, "a", 0, 10);
    produceTo(OTHER, "b", 10, 20);
    return start(
        transactional(
                Map.of(),
                (record, output) -> {
                  attempts.incrementAndGet();
                  if (record.value().equals("value-5")) {
                    throw new IOException("poison");
                  }
                  output.send(invoice(record));
                })
            .producerProperties(producerProperties)
            .deadLetterTopic(dead)
            .deadLetterBackoff(Backoff.fixed(Duration.ofMillis(50)))
            .build());
  }

  private void awaitThatOnlyThePoisonedPartitionWaits() throws Exception {
    await().atMost(Duration.ofSeconds(60)).until(() -> letterFailures() >= 2);
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(POISONED) == 5);
    produceTo(OTHER, "b", 20, 30);
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(OTHER) == 20);
    assertThat(committed(POISONED)).isEqualTo(5);
  }

  private long letterFailures() {
    return Stream.of(errors.toArray(Exception[]::new))
        .filter(RecordFailedException.class::isInstance)
        .count();
  }

  private void goOn(Running running) throws Exception {
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(POISONED) == 10);
    running.drain();
    assertThat(read(invoices))
        .isEqualTo(
            Map.of(
                "a", invoices(IntStream.range(0, 10).filter(i -> i != 5)),
                "b", invoices(IntStream.range(10, 30))));
    assertThat(read(dead)).isEqualTo(Map.of("a", List.of("value-5")));
    assertThat(attempts).hasValue(30); // no record is handled again for it
  }

  private static List<String> invoices(IntStream numbers) {
    return numbers.mapToObj(i -> "invoice of value-" + i).toList();
  }

  @Test
  void letterWaitsUntilItsTopicIsCreated() throws Exception {
    var running = startWithPoison(Map.of());
    awaitThatOnlyThePoisonedPartitionWaits();
    createTopic(dead, PARTITIONS);
    goOn(running);
  }

  @Test
  void letterThatIsLargerThanItsTopicAllowsWaitsUntilThatIsRaised() throws Exception {
    createTopic(dead, PARTITIONS);
    setMaxMessageBytes("100");
    var running = startWithPoison(Map.of());
    awaitThatOnlyThePoisonedPartitionWaits();
    setMaxMessageBytes("100000");
    goOn(running);
  }

  private void setMaxMessageBytes(String bytes) throws Exception {
    var change =
        new AlterConfigOp(new ConfigEntry("max.message.bytes", bytes), AlterConfigOp.OpType.SET);
    var which = new ConfigResource(ConfigResource.Type.TOPIC, dead);
    admin().incrementalAlterConfigs(Map.of(which, List.of(change))).all().get();
  }

  /** The producer knows the topic, and gets no answer: the outcome of the commit is unknown. */
  @Test
  void letterWaitsWhileItsTopicDoesNotAnswer() throws Exception {
    createTopic(dead, PARTITIONS);
    var running = startWithPoison(Map.of("max.block.ms", 1_000));
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(POISONED) == 10);
    admin().deleteTopics(List.of(dead)).all().get();
    await() // until then, the broker may still accept the letter
        .atMost(Duration.ofSeconds(60))
        .until(() -> !admin().listTopics().names().get().contains(dead));
    long before = letterFailures();
    produceTo(POISONED, "a", 5, 6);
    await() // the failure of the handler, and one of its letter at least
        .atMost(Duration.ofSeconds(60))
        .until(() -> letterFailures() >= before + 2);
    produceTo(OTHER, "b", 20, 30);
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(OTHER) == 20);
    assertThat(committed(POISONED)).isEqualTo(10);
    createTopic(dead, PARTITIONS);
    await().atMost(Duration.ofSeconds(60)).until(() -> committed(POISONED) == 11);
    running.drain();
    assertThat(read(invoices).values())
        .allMatch(values -> values.stream().distinct().count() == values.size());
    assertThat(read(invoices).get("b")).hasSize(20);
    assertThat(read(dead))
        .isEqualTo(Map.of("a", List.of("value-5"))); // the other letter was in the deleted topic
  }
}
