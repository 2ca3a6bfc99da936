package dev.millrace.kafka.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.errors.Backoff;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/**
 * The locks of records in a share group: how they are renewed, and what happens after their end.
 */
class ShareLocksTest extends WithShareLoop {

  /** Long enough that a busy machine does not lose it: it is renewed after a third. */
  private static final Duration LOCK = Duration.ofMillis(900);

  @Test
  void theLockOfASlowRecordIsRenewedAndTheRecordHandledOnce() throws Exception {
    consumer.lock(LOCK).add("slow", "waiting");
    var loop = builder().handler(this::handleSlowly).build();
    var _ = start(loop);
    await().until(() -> consumer.renewals() >= 4);
    assertThat(handled).containsExactly("slow");
    open.countDown();
    await().until(() -> consumer.answers().size() == 2);
    loop.drain(LONG);
    assertThat(handled).containsExactly("slow", "waiting");
    assertThat(consumer.answers()).containsExactlyInAnyOrder("ACCEPT@0", "ACCEPT@1");
    assertThat(errors).isEmpty();
  }

  /** Otherwise its lock may end meanwhile, and it is handled again. */
  @Test
  void aFinishedRecordIsAcknowledgedWhileTheNextBatchGoesOn() throws Exception {
    consumer.lock(Duration.ofHours(1)).atOnce(1).add("quick", "slow");
    var loop =
        builder()
            .handler(
                record -> {
                  if (record.value().equals("slow")) {
                    handleSlowly(record);
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    assertThat(consumer.end(1)).isNull();
    assertThat(consumer.renewals()).isZero();
    open.countDown();
    await().until(() -> consumer.end(1) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
  }

  @Test
  void attemptsOfOneDeliveryHappenUnderOneLock() throws Exception {
    consumer.lock(LOCK).add("one");
    var attempts = new AtomicInteger();
    var loop =
        builder()
            .retry(3, Backoff.fixed(LOCK.dividedBy(2)))
            .handler(
                record -> {
                  if (attempts.incrementAndGet() < 3) {
                    throw new IllegalStateException("not yet");
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(attempts).hasValue(3);
    assertThat(consumer.answers()).containsExactly("ACCEPT@0");
    assertThat(consumer.renewals()).isPositive();
    assertThat(loop.status().figures().retries()).isEqualTo(2);
    assertThat(errors).hasSize(2);
  }

  @Test
  void aRecordWhoseLockIsLostIsNotHandledTwiceAtOnce() throws Exception {
    consumer.lock(LOCK).add("slow");
    var loop = builder().concurrency(4).handler(this::handleSlowly).build();
    var _ = start(loop);
    await().until(() -> consumer.renewals() > 2);
    consumer.loseLocks();
    await().until(() -> !errors.isEmpty());
    int renewals = consumer.renewals();
    await().until(() -> consumer.renewals() > renewals + 2); // it was delivered here again
    assertThat(inHandlers).hasValue(1);
    open.countDown();
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(handled).containsExactly("slow");
    assertThat(errors.element()).hasMessageContaining("orders-0, from offset 0 on");
    assertThat(loop.status().figures().commitFailures()).isEqualTo(1);
  }

  /** Kafka's client may have fetched it while the batch before went on. */
  @Test
  void aRecordThatComesAfterALongBatchIsRenewedBeforeItIsHandled() throws Exception {
    consumer.lock(LOCK).add("slow");
    var deliveries = new ConcurrentLinkedQueue<Integer>();
    var loop =
        builder()
            .handler(
                record -> {
                  if (record.value().equals("slow")) {
                    handleSlowly(record);
                  } else {
                    deliveries.add((int) record.deliveryCount().orElseThrow());
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> consumer.renewals() > 2);
    consumer.add("old").losesLockOf(1);
    open.countDown();
    await().until(() -> consumer.end(1) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(deliveries).containsExactly(2);
  }

  /** The broker may have answered while the process was frozen, and the lock has ended since. */
  @Test
  void aRecordOfALatePollIsRenewedBeforeItIsHandled() throws Exception {
    consumer.lock(Duration.ofMillis(1500)).add("first"); // tells the loop the time of a lock
    var deliveries = new ConcurrentLinkedQueue<Integer>();
    var loop =
        builder()
            .handler(
                record -> {
                  if (record.value().equals("old")) {
                    deliveries.add((int) record.deliveryCount().orElseThrow());
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    consumer.freeze(Duration.ofMillis(800));
    consumer.losesLockOf(1);
    consumer.add("old");
    await().until(() -> consumer.end(1) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(deliveries).containsExactly(2);
  }

  /** The broker grants the renewal of a record that another member has accepted. */
  @Test
  void aRecordOfAPollThatTookLongerThanItsLockIsReleased() throws Exception {
    consumer.lock(LOCK);
    consumer.freeze(LOCK.plusMillis(100));
    consumer.fetch("old");
    var deliveries = new ConcurrentLinkedQueue<Integer>();
    var loop =
        builder()
            .handler(record -> deliveries.add((int) record.deliveryCount().orElseThrow()))
            .build();
    var _ = start(loop);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(consumer.answers()).startsWith("RELEASE@0").endsWith("ACCEPT@0");
    assertThat(deliveries).hasSize(1).doesNotContain(1);
  }

  /** A frozen client finds several answers, and its polls return one batch after the other. */
  @Test
  void recordsOfTheSecondPollAfterAStallAreReleased() throws Exception {
    consumer.lock(LOCK).atOnce(1);
    consumer.freeze(LOCK.plusMillis(100));
    consumer.fetch("one", "two");
    var deliveries = new ConcurrentLinkedQueue<Integer>();
    var loop =
        builder()
            .handler(record -> deliveries.add((int) record.deliveryCount().orElseThrow()))
            .build();
    var _ = start(loop);
    await().until(() -> deliveries.size() == 2);
    loop.drain(LONG);
    assertThat(deliveries).containsExactly(2, 2);
    assertThat(consumer.answers())
        .containsExactly("RELEASE@0", "RELEASE@1", "ACCEPT@0", "ACCEPT@1");
  }

  /** The client may fetch while a batch goes on, and nobody renews the locks of what it holds. */
  @Test
  void recordsThatTheClientHasHeldForLongerThanALockAreReleased() throws Exception {
    consumer.lock(LOCK).add("slow");
    var deliveries = new ConcurrentLinkedQueue<String>();
    var loop =
        builder()
            .handler(
                record -> {
                  if (record.value().equals("slow")) {
                    consumer.fetch("held");
                    handleSlowly(record);
                  } else {
                    deliveries.add(record.value() + record.deliveryCount().orElseThrow());
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> consumer.renewals() > 2);
    consumer.add("new");
    open.countDown();
    await().until(() -> deliveries.size() == 2);
    loop.drain(LONG);
    assertThat(deliveries).containsExactlyInAnyOrder("held2", "new1");
    assertThat(consumer.answers()).containsOnlyOnce("RELEASE@1").doesNotContain("RELEASE@2");
  }

  /** The poll thread is frozen as the workers are, and has not seen yet that the lock is lost. */
  @Test
  void aRecordThatWaitedForLongerThanItsLockIsRenewedBeforeItIsHandled() throws Exception {
    consumer.lock(LOCK).add("one", "two");
    var deliveries = new ConcurrentLinkedQueue<Integer>();
    var loop =
        builder()
            .handler(
                record -> {
                  deliveries.add((int) record.deliveryCount().orElseThrow());
                  handleSlowly(record);
                })
            .build();
    var _ = start(loop);
    await().until(() -> inHandlers.get() == 1);
    consumer.losesLockOf(theWaitingOne());
    consumer.hang(true);
    await().until(consumer::isHanging);
    long end = System.nanoTime() + LOCK.toNanos();
    await().until(() -> System.nanoTime() - end >= 0);
    open.countDown();
    await().until(() -> loop.partitions().getFirst().inFlight() == 0);
    consumer.hang(false);
    await().until(() -> consumer.answers().size() == 2);
    loop.drain(LONG);
    assertThat(deliveries).containsExactly(1, 2);
    assertThat(handled).containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void aRecordWhoseDeserializationOutlastsItsLockIsRenewedBeforeItIsHandled() throws Exception {
    consumer.lock(LOCK).add("one");
    consumer.losesLockOf(0);
    var deliveries = new ConcurrentLinkedQueue<Integer>();
    var isDeserialized = new AtomicInteger();
    var loop =
        builder()
            .deserializers(
                new StringDeserializer(),
                (topic, data) -> {
                  isDeserialized.incrementAndGet();
                  awaitOpen();
                  return "one";
                })
            .handler(record -> deliveries.add((int) record.deliveryCount().orElseThrow()))
            .build();
    var _ = start(loop);
    await().until(() -> isDeserialized.get() == 1);
    consumer.hang(true);
    await().until(consumer::isHanging);
    long end = System.nanoTime() + LOCK.toNanos();
    await().until(() -> System.nanoTime() - end >= 0);
    open.countDown();
    await().until(() -> loop.partitions().getFirst().inFlight() == 0);
    consumer.hang(false);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(deliveries).containsExactly(2);
  }

  private void awaitOpen() {
    try {
      open.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the loop has ended
    }
  }

  @Test
  void aWaitingRecordWhoseLockIsLostIsNotHandled() throws Exception {
    consumer.lock(LOCK).add("one", "two");
    var loop = builder().handler(this::handleSlowly).build();
    var _ = start(loop);
    await().until(() -> inHandlers.get() == 1);
    consumer.takeAway(theWaitingOne());
    await().until(() -> !errors.isEmpty());
    open.countDown();
    await().until(() -> consumer.answers().size() == 1);
    consumer.add("next");
    await().until(() -> consumer.end(2) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(handled).hasSize(2).endsWith("next");
    assertThat(loop.partitions()).allMatch(one -> one.waiting() == 0 && one.inFlight() == 0);
  }

  @Test
  void aRecordWhoseLockIsLostIsNotAttemptedAgain() throws Exception {
    consumer.lock(LOCK).add("fails");
    var attempts = new AtomicInteger();
    var loop =
        builder()
            .retry(2, Backoff.fixed(LOCK.multipliedBy(2)))
            .handler(
                record -> {
                  handle(record);
                  if (record.value().equals("fails") && attempts.incrementAndGet() == 1) {
                    consumer.takeAway(0);
                    throw new IllegalStateException("not yet");
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> errors.size() == 2); // the attempt and the lock
    await().until(() -> loop.partitions().getFirst().waiting() == 0);
    consumer.add("next");
    await().until(() -> consumer.end(1) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(handled).containsExactly("fails", "next");
  }

  /** Records that were renewed before they are handled come in any order. */
  private long theWaitingOne() {
    return handled.element().equals("one") ? 1 : 0;
  }
}
