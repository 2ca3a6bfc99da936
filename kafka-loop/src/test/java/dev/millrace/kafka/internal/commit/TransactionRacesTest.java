package dev.millrace.kafka.internal.commit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.Race;
import dev.millrace.kafka.RefusedLetters;
import dev.millrace.kafka.internal.partition.Delivery;
import dev.millrace.kafka.internal.partition.Partition;
import dev.millrace.kafka.internal.partition.Records;
import dev.millrace.kafka.internal.settings.ConsumerDraft;
import dev.millrace.kafka.internal.settings.TransactionSettings;
import dev.millrace.kafka.internal.status.HealthCheck;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handlers settle records with outputs while transactions begin and are committed. */
@Timeout(60)
class TransactionRacesTest {

  private static final int RECORDS = 20;

  private static final class SettleAndCommit implements Race.Meeting {
    private final Partition<String, String> partition = Records.partition(Ordering.UNORDERED);
    private final List<Delivery<String, String>> deliveries = new ArrayList<>();
    private final MockProducer<byte[], byte[]> producer =
        new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final List<Exception> errors = new ArrayList<>();
    private final TransactionalCommitter<String, String> committer;

    SettleAndCommit() {
      Records.add(partition, LongStream.range(0, RECORDS).toArray());
      for (int i = 0; i < RECORDS; i++) {
        deliveries.add((Delivery<String, String>) Records.take(partition));
      }
      var draft = new ConsumerDraft<String, String>();
      draft.commitInterval = Duration.ofNanos(1);
      committer =
          new TransactionalCommitter<>(
              new MockConsumer<>("earliest"),
              draft.settings(),
              new TransactionSettings(
                  Map.of(),
                  false,
                  false,
                  List.of(),
                  properties -> producer,
                  id -> false,
                  null,
                  RefusedLetters.keep(),
                  Backoff.none(),
                  0),
              new HealthCheck(Duration.ofMinutes(1)),
              errors::add);
    }

    @Override
    public void one() {
      for (Delivery<String, String> delivery : deliveries) {
        delivery.begin();
        delivery.settle(List.of(new ProducerRecord<>("invoices", delivery.raw().value())), null);
        Race.stagger();
      }
    }

    @Override
    public void other() {
      while (!partition.commits().isCommitted(RECORDS)) {
        committer.commitIfDue(List.of(partition));
        Thread.yield();
      }
    }

    @Override
    public void check() {
      committer.close(Duration.ofSeconds(5));
      assertThat(errors).isEmpty();
      assertThat(producer.history().stream().map(one -> text(one.value())))
          .containsExactlyElementsOf(LongStream.range(0, RECORDS).mapToObj(i -> "v" + i).toList());
      assertThat(partition.commits().producedBefore(RECORDS)).isEmpty();
    }

    private static String text(byte[] value) {
      return new String(value, StandardCharsets.UTF_8);
    }
  }

  @Test
  void eachOutputIsInOneTransactionAndInOrder() throws Exception {
    assertThat(Race.repeat(SettleAndCommit::new)).isPositive();
  }
}
