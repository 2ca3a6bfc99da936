package dev.millrace.kafka.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.Health;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loop over a share group, with Kafka's rules of acknowledgements and without a broker. */
class ShareLoopTest extends WithShareLoop {

  @Test
  void aRecordIsAcceptedWhenItsHandlerHasReturned() throws Exception {
    consumer.add("one");
    var loop = builder().handler(this::handleSlowly).build();
    Future<?> run = start(loop);
    await().until(() -> !handled.isEmpty());
    // The consumer must not be told before: this gives it the time to be wrong.
    Thread.sleep(250);
    assertThat(consumer.end(0)).isNull();
    open.countDown();
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(run.get()).isEqualTo("ended");
    assertThat(consumer.isClosed()).isTrue();
    assertThat(loop.status().figures().settled()).isEqualTo(1);
    assertThat(loop.status().figures().commits()).isPositive();
  }

  @Test
  void aFinishedRecordIsAcceptedWhileAnotherOneIsHandled() throws Exception {
    consumer.add("slow", "quick");
    var loop =
        builder()
            .concurrency(2)
            .handler(
                record -> {
                  if (record.value().equals("slow")) {
                    open.await();
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> consumer.end(1) == AcknowledgeType.ACCEPT);
    assertThat(consumer.end(0)).isNull();
    assertThat(loop.partitions().getFirst().inFlight()).isEqualTo(1);
    open.countDown();
    loop.drain(LONG);
    assertThat(consumer.end(0)).isEqualTo(AcknowledgeType.ACCEPT);
  }

  @Test
  void concurrencyAndLookAheadAreBounds() throws Exception {
    for (int i = 0; i < 40; i++) {
      consumer.add("value-" + i);
    }
    var properties = new ConcurrentLinkedQueue<Map<String, Object>>();
    var most = new AtomicInteger();
    var loop =
        builder()
            .factory(
                given -> {
                  properties.add(given);
                  return consumer.atOnce(
                      (Integer) Objects.requireNonNull(given.get("max.poll.records")));
                })
            .concurrency(3)
            .lookAhead(7)
            .handler(
                record -> {
                  most.accumulateAndGet(inHandlers.incrementAndGet(), Math::max);
                  Thread.sleep(2);
                  inHandlers.decrementAndGet();
                })
            .build();
    var _ = start(loop);
    await().until(() -> consumer.answers().size() == 40);
    loop.drain(LONG);
    assertThat(most).hasValue(3);
    assertThat(consumer.largest()).isEqualTo(7);
    assertThat(properties.element())
        .containsEntry("share.acknowledgement.mode", "explicit")
        .containsEntry("share.acquire.mode", "record_limit");
  }

  @Test
  void aHungHandlerMakesTheLoopUnwell() throws Exception {
    consumer.add("hangs");
    var loop = builder().stuckAfter(Duration.ofMillis(200)).handler(this::handleSlowly).build();
    assertThat(loop.health().state()).isEqualTo(Health.State.STARTING);
    var _ = start(loop);
    await()
        .until(
            () ->
                loop.health() instanceof Health(Health.State state, String reason, boolean _)
                    && state == Health.State.STUCK
                    && reason.contains("orders-0 at offset 0"));
    open.countDown();
    await().until(() -> loop.health().state() == Health.State.RUNNING);
    loop.drain(LONG);
  }

  @Test
  void aVirtualThreadMayRunTheLoop() throws Exception {
    consumer.add("one");
    var loop = builder().handler(this::handle).build();
    var task =
        new FutureTask<>(
            () -> {
              loop.run(context);
              return "ended";
            });
    Thread.ofVirtual().start(task);
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    loop.drain(LONG);
    assertThat(task.get()).isEqualTo("ended");
  }

  @Test
  void aPausedLoopFetchesNothing() throws Exception {
    consumer.add("one");
    var loop = builder().startPaused().handler(this::handle).build();
    var _ = start(loop);
    Thread.sleep(200); // the time to be wrong
    assertThat(handled).isEmpty();
    loop.resumeAll();
    await().until(() -> consumer.end(0) == AcknowledgeType.ACCEPT);
    assertThatThrownBy(() -> loop.pause(List.of()))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("pauseAll()");
    loop.drain(LONG);
  }

  @Test
  void severalConsumersDoNotWaitForEachOther() throws Exception {
    var other = new QueueConsumer().add("quick-0", "quick-1");
    consumer.add("slow");
    var consumers = new ConcurrentLinkedQueue<>(List.of(consumer, other));
    var loop =
        builder()
            .factory(properties -> Objects.requireNonNull(consumers.poll()))
            .consumers(2)
            .concurrency(2)
            .handler(
                record -> {
                  if (record.value().equals("slow")) {
                    open.await();
                  }
                })
            .build();
    var _ = start(loop);
    await().until(() -> other.answers().size() == 2);
    other.add("later");
    await().until(() -> other.answers().size() == 3);
    assertThat(consumer.answers()).isEmpty();
    open.countDown();
    loop.drain(LONG);
    assertThat(consumer.answers()).containsExactly("ACCEPT@0");
  }

  /** A connection that breaks again and again would use up the deliveries of a record soon. */
  @ParameterizedTest
  @CsvSource({
    "client.id,one,1000",
    "reconnect.backoff.ms,20,20",
    "reconnect.backoff.max.ms,300,",
  })
  void theConsumerWaitsBeforeItConnectsAgain(String name, String value, @Nullable String expected)
      throws Exception {
    var created = new CompletableFuture<Map<String, Object>>();
    var loop =
        builder()
            .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test", name, value))
            .factory(
                properties -> {
                  created.complete(properties);
                  return consumer;
                })
            .handler(this::handle)
            .build();
    var _ = start(loop);
    Object backoff = created.get(30, TimeUnit.SECONDS).get("reconnect.backoff.ms");
    assertThat(backoff == null ? null : backoff.toString()).isEqualTo(expected);
  }
}
