package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.errors.Backoff;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.DeadLetter;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.PartitionObserver;
import dev.millrace.kafka.PartitionStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class KafkaLoopTest extends WithMockConsumer {

  /** Adds five records at each poll, while the partition is not paused. */
  private void addFiveAndComeAgain(int from, int to) {
    boolean add = !mock.paused().contains(P0);
    if (add) {
      add(P0, from, from + 5);
    }
    int next = add ? from + 5 : from;
    if (next < to) {
      mock.schedulePollTask(() -> addFiveAndComeAgain(next, to));
    }
  }

  @Test
  void everythingIsHandledAndCommitted() throws Exception {
    assign(100, P0, P1);
    var handled = new AtomicInteger();
    var loop = builder().handler(record -> handled.incrementAndGet()).build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 100 && committed(P1) == 100);
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
    assertThat(handled).hasValue(200);
    assertThat(mock.closed()).isTrue();
  }

  /**
   * sarama-cluster's MarkOffset under parallel handling: the highest offset, not the settled one.
   */
  @Test
  void unfinishedRecordHoldsTheCommitBack() throws Exception {
    assign(10, P0);
    var gate = new CountDownLatch(1);
    var others = new CountDownLatch(9);
    var loop =
        builder()
            .handler(
                record -> {
                  if (record.offset() == 3) {
                    gate.await();
                  } else {
                    others.countDown();
                  }
                })
            .build();
    var running = start(loop, Context.background());
    assertThat(others.await(50, TimeUnit.SECONDS)).isTrue();
    await().until(() -> committed(P0) == 3);
    gate.countDown();
    await().until(() -> committed(P0) == 10);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void handlerThatFailsStopsTheLoopAndItsRecordIsNotCommitted() throws Exception {
    assign(10, P0);
    var cause = new IOException("store");
    var loop =
        builder()
            .concurrency(1)
            .handler(
                record -> {
                  if (record.offset() == 5) {
                    throw cause;
                  }
                })
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .hasCause(cause)
        .hasMessageContaining("orders-0 at offset 5");
    assertThat(cause.getSuppressed()).isEmpty();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void cancelledContextInterruptsHandlersAndIsTheCause() throws Exception {
    assign(10, P0);
    var started = new CountDownLatch(4);
    var interrupted = new AtomicInteger();
    var loop =
        builder()
            .handler(
                record -> {
                  started.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    interrupted.incrementAndGet();
                    throw e;
                  }
                })
            .build();
    try (var context = Context.background().withCancel()) {
      var running = start(loop, context);
      assertThat(started.await(50, TimeUnit.SECONDS)).isTrue();
      var cause = new IOException("stop");
      context.cancel(cause);
      assertThatThrownBy(running::get)
          .hasCauseInstanceOf(CancellationException.class)
          .hasRootCause(cause);
    }
    assertThat(interrupted).hasValue(4);
  }

  @RepeatedTest(50)
  void noHandlerStartsInACancelledContextAlthoughOthersSwallowTheirInterrupts() throws Exception {
    assign(1000, P0);
    var started = new AtomicInteger();
    var all = new CountDownLatch(4);
    var loop =
        builder()
            .handler(
                record -> {
                  started.incrementAndGet();
                  all.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    // as if it had handled the record
                  }
                })
            .build();
    try (var context = Context.background().withCancel()) {
      var running = start(loop, context);
      assertThat(all.await(50, TimeUnit.SECONDS)).isTrue();
      context.cancel();
      assertThatThrownBy(running::get).hasCauseInstanceOf(CancellationException.class);
    }
    assertThat(started).hasValue(4);
  }

  @RepeatedTest(200)
  void closeWhileRecordsAreFedThrowsNowhere() throws Exception {
    assign(2000, P0);
    var builder = ChannelConsumer.<String, String>builder();
    try (var consumer =
        builder
            .properties(properties())
            .topics("orders")
            .ordering(Ordering.UNORDERED)
            .factory(properties -> mock)
            .open()) {
      while (consumer.messages().receive().raw().offset() < 100) {}
      Thread.ofVirtual().start(() -> consumer.messages().forEach(message -> {}));
    }
  }

  @Test
  void drainWaitsForHandlersAndCommitsWhatTheyDid() throws Exception {
    assign(4, P0);
    var started = new CountDownLatch(4);
    var gate = new CountDownLatch(1);
    var done = new AtomicInteger();
    var loop =
        builder()
            .handler(
                record -> {
                  started.countDown();
                  gate.await();
                  done.incrementAndGet();
                })
            .build();
    var running = start(loop, Context.background());
    started.await();
    var drained =
        new FutureTask<>(
            () -> {
              loop.drain(Duration.ofSeconds(20));
              return done.get();
            });
    Thread.ofVirtual().start(drained);
    gate.countDown();
    assertThat(drained.get()).isEqualTo(4);
    running.get();
  }

  @Test
  void drainEndsByItsDeadline() throws Exception {
    assign(1, P0);
    var started = new CountDownLatch(1);
    var loop =
        builder()
            .handler(
                record -> {
                  started.countDown();
                  new CountDownLatch(1).await();
                })
            .build();
    var running = start(loop, Context.background());
    started.await();
    loop.drain(Duration.ofMillis(50));
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  @Test
  void fullPartitionsArePausedAndOthersAreNot() throws Exception {
    assign(0, P0, P1);
    var gate = new CountDownLatch(1);
    var handled = new AtomicInteger();
    var loop =
        builder()
            .buffer(10)
            .handler(
                record -> {
                  gate.await();
                  handled.incrementAndGet();
                })
            .build();
    mock.schedulePollTask(() -> add(P0, 0, 100));
    var running = start(loop, Context.background());
    await().until(() -> mock.paused().equals(Set.of(P0)));
    gate.countDown();
    await().until(() -> handled.get() == 100);
    await().until(() -> mock.paused().isEmpty());
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void recordThatHangsStopsItsPartitionBeforeTheHeapIsFull() throws Exception {
    assign(0, P0);
    mock.schedulePollTask(() -> addFiveAndComeAgain(0, 1000));
    var gate = new CountDownLatch(1);
    var handled = new AtomicInteger();
    var loop =
        builder()
            .buffer(10)
            .lookAhead(200)
            .handler(
                record -> {
                  if (record.offset() == 0) {
                    gate.await();
                  }
                  handled.incrementAndGet();
                })
            .build();
    var running = start(loop, Context.background());
    await().until(() -> handled.get() >= 199 && mock.paused().contains(P0));
    await().during(Duration.ofMillis(200)).until(() -> handled.get() < 300);
    gate.countDown();
    await().until(() -> handled.get() == 1000 && committed(P0) == 1000);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void survivableErrorsAreReportedAndTheLoopGoesOn() throws Exception {
    assign(5, P0);
    mock.schedulePollTask(() -> mock.setPollException(new TimeoutException("slow broker")));
    var handled = new AtomicInteger();
    var loop = builder().handler(record -> handled.incrementAndGet()).build();
    var running = start(loop, Context.background());
    await().until(() -> handled.get() == 5 && !errors.isEmpty());
    assertThat(errors.getFirst()).isInstanceOf(TimeoutException.class);
    loop.drain(Duration.ofSeconds(5));
    running.get();
  }

  @Test
  void recordThatCanNotBeDeserializedStopsTheLoopAndSaysWhich() throws Exception {
    assign(50, P0);
    var loop =
        builder()
            .deserializers(new StringDeserializer(), new Refusing("v42"))
            .ordering(Ordering.PARTITION)
            .handler(record -> {})
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            RecordDeserializationException.class,
            e -> {
              assertThat(e.offset()).isEqualTo(42);
              assertThat(e.topicPartition()).isEqualTo(P0);
            });
  }

  /** Deserializes all values except one. */
  private static final class Refusing extends StringDeserializer {
    private final String refused;

    Refusing(String refused) {
      this.refused = refused;
    }

    @Override
    public String deserialize(String topic, byte[] data) {
      String text = super.deserialize(topic, data);
      if (text.equals(refused)) {
        throw new SerializationException("bad bytes");
      }
      return text;
    }
  }

  @Test
  void unsafeOrMissingSettingsAreRefusedWithTheReason() {
    var properties = properties();
    properties.put("enable.auto.commit", "true");
    assertThatThrownBy(() -> builder().properties(properties).handler(r -> {}).build())
        .hasMessageContaining("enable.auto.commit")
        .hasMessageContaining("lose");
    for (String missing :
        List.of("bootstrap.servers", "group.id", "key.deserializer", "value.deserializer")) {
      var without = properties();
      without.remove(missing);
      assertThatThrownBy(() -> builder().properties(without).handler(r -> {}).build())
          .hasMessageContaining(missing);
    }
    assertThatThrownBy(() -> builder().topics().handler(r -> {}).build())
        .hasMessageContaining("topic");
    assertThatThrownBy(() -> builder().build()).hasMessageContaining("handler");
    assertThatThrownBy(() -> builder().concurrency(0)).hasMessageContaining("0");
    assertThatThrownBy(() -> builder().buffer(0)).hasMessageContaining("0");
    assertThatThrownBy(() -> builder().commitInterval(Duration.ZERO))
        .hasMessageContaining("positive");
  }

  /** The channels between the poll thread and the main loop are closed by then. */
  @Test
  void failureOfAHandlerAfterTheConsumerHasFailedIsToldAndIsNotTheCause() {
    assign(1, P0);
    var loop =
        builder()
            .handler(
                record -> {
                  mock.setPollException(new AuthorizationException("not for you"));
                  await().until(() -> !isPolling());
                  throw new IOException("of the handler");
                })
            .deadLetters(letter -> {})
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasCauseInstanceOf(AuthorizationException.class);
    assertThat(errors)
        .singleElement()
        .satisfies(e -> assertThat(e).hasMessageContaining("of the handler"));
  }

  /** It is redelivered: the record is not to blame. */
  @Test
  void recordThatIsDeserializedAfterTheConsumerHasFailedIsNoDeadLetter() {
    assign(1, P0);
    List<DeadLetter> letters = Collections.synchronizedList(new ArrayList<>());
    var observer =
        new ConsumerObserver() {
          @Override
          public PartitionObserver assigned(String group, Supplier<PartitionStatus> status) {
            return new PartitionObserver() {
              @Override
              public void retried() { // before the second attempt deserializes
                mock.setPollException(new AuthorizationException("not for you"));
                await().until(() -> !isPolling());
              }
            };
          }
        };
    var loop =
        builder()
            .deserializers(
                (topic, data) -> "k",
                (topic, data) -> {
                  throw new IllegalArgumentException("not yet");
                })
            .retry(2, Backoff.fixed(Duration.ofMillis(1)))
            .retryIf(e -> true)
            .handler(record -> {})
            .deadLetters(letters::add)
            .observer(observer)
            .build();
    assertThatThrownBy(() -> loop.run(Context.background()))
        .hasCauseInstanceOf(AuthorizationException.class);
    assertThat(letters).isEmpty();
  }
}
