package dev.millrace.kafka.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.DeadLetters;
import dev.millrace.kafka.Health;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** The records that a handler of a share group fails on. */
class ShareFailuresTest extends WithShareLoop {

  @Test
  void aFailureWithoutAPlaceStopsTheLoopAndLeavesTheRecord() {
    consumer.add("fine", "bad");
    var loop =
        builder()
            .retry(2, Backoff.none())
            .handler(
                record -> {
                  if (record.value().equals("bad")) {
                    throwsAlways(record);
                  }
                })
            .build();
    assertThatThrownBy(() -> loop.run(context))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("it fails")
        .hasMessageContaining("attempt 2")
        .hasMessageContaining("orders-0 at offset 1")
        .hasMessageContaining("deadLetterTopic(…)")
        .hasMessageContaining("it was delivery 1 of the record");
    assertThat(consumer.answers()).containsExactly("ACCEPT@0");
    assertThat(consumer.isClosed()).isTrue();
    assertThat(loop.health().state()).isEqualTo(Health.State.STOPPED);
  }

  @Test
  void aRecordIsReleasedUntilItsLastDeliveryAndThenLettered() throws Exception {
    consumer.add("bad");
    var letters = new ConcurrentLinkedQueue<DeadLetter>();
    AtomicBoolean acceptedBeforeLetter = new AtomicBoolean();
    var draft =
        builder()
            .redeliver(3)
            .adminFactory(properties -> LimitAdmin.of(5))
            .deadLetters(
                letter -> {
                  acceptedBeforeLetter.set(consumer.end(0) != null);
                  letters.add(letter);
                })
            .handler(ShareLoopTest::throwsAlways);
    var loop = draft.build();
    var _ = start(loop);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(consumer.answers()).containsExactly("RELEASE@0", "RELEASE@0", "ACCEPT@0");
    assertThat(letters).singleElement().satisfies(one -> assertThat(one.attempts()).isEqualTo(1));
    assertThat(acceptedBeforeLetter).isFalse();
    assertThat(loop.status().figures().deadLetters()).isEqualTo(1);
  }

  @Test
  void aLimitBelowTheDeliveriesIsRefusedAtTheStart() {
    var loop =
        builder()
            .redeliver(3)
            .adminFactory(properties -> LimitAdmin.of(2))
            .handler(this::handle)
            .build();
    assertThatThrownBy(() -> loop.run(context))
        .hasMessageContaining("redeliver(3) is above 'share.delivery.count.limit'");
  }

  @Test
  void aRecordIsNotAcceptedBeforeItsLetterIsSafe() throws Exception {
    consumer.lock(Duration.ofMillis(900)).add("bad");
    var refusals = new AtomicInteger();
    DeadLetters letters =
        letter -> {
          assertThat(consumer.end(0)).isNull();
          if (refusals.incrementAndGet() < 4) {
            throw new IllegalStateException("no room");
          }
        };
    var loop =
        builder()
            .deadLetters(letters)
            .deadLetterBackoff(Backoff.fixed(Duration.ofMillis(50)))
            .handler(ShareLoopTest::throwsAlways)
            .build();
    var _ = start(loop);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(refusals).hasValue(4);
    assertThat(errors).hasSize(4); // the handler's failure, and three of the letter
  }

  @Test
  void aFailedRecordIsRejectedByChoice() throws Exception {
    consumer.add("bad", "fine");
    var loop =
        builder()
            .rejectFailed()
            .handler(
                record -> {
                  if (record.value().equals("bad")) {
                    throwsAlways(record);
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> consumer.answers().size() == 2);
    loop.drain(LONG);
    assertThat(consumer.end(0)).isEqualTo(AcknowledgeType.REJECT);
    assertThat(consumer.end(1)).isEqualTo(AcknowledgeType.ACCEPT);
  }

  @Test
  void aRecordThatCannotBeReadBecomesALetterOfItsStage() throws Exception {
    consumer.add("bad");
    var letters = new ConcurrentLinkedQueue<DeadLetter>();
    var loop =
        builder()
            .deserializers(
                new StringDeserializer(),
                (topic, bytes) -> {
                  throw new IllegalArgumentException("garbage");
                })
            .deadLetters(letters::add)
            .handler(this::handle)
            .build();
    var _ = start(loop);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(letters.element().stage()).isEqualTo(DeadLetter.DESERIALIZE);
    assertThat(handled).isEmpty();
  }
}
