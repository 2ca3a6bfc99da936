package dev.millrace.kafka.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.CorruptRecords;
import dev.millrace.kafka.Message;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.channel.SlowDeserializer;
import dev.millrace.kafka.channel.SlowDeserializer.Gate;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Our consumer as a flux. BlockHound watches. */
class MessageFluxTest extends WithMockReceiver {

  private final AtomicInteger handled = new AtomicInteger();

  /** Waits for the end of the consumer, because cancel does not. */
  private void awaitEnd() {
    await().until(() -> mock.closed() && !isPolling());
  }

  private MessageFlux<String, String> flux() {
    return fluxBuilder().flux();
  }

  private MessageFlux.Builder<String, String> fluxBuilder() {
    return MessageFlux.<String, String>builder()
        .properties(properties())
        .topics("orders")
        .ordering(Ordering.UNORDERED)
        .buffer(10)
        .onError(errors::add)
        .commitInterval(Duration.ofMillis(10))
        .factory(properties -> mock);
  }

  @Test
  void whatHandlersCompleteIsCommitted() {
    assign(200, P0, P1);
    var subscription =
        flux()
            .flatMap(
                MessageFlux.settling(
                    record ->
                        Mono.delay(Duration.ofMillis(1)).map(tick -> handled.incrementAndGet())),
                16)
            .subscribe();
    await().until(() -> committed(P0) == 200 && committed(P1) == 200);
    subscription.dispose();
    awaitEnd();
    assertThat(handled).hasValue(400);
  }

  @Test
  void failureOfTheLastCommitIsTold() {
    assign(1, P0);
    var failure = new KafkaException("the broker is away");
    var subscription =
        fluxBuilder()
            .commitInterval(Duration.ofHours(1)) // so that the end commits
            .flux()
            .subscribe(
                message -> {
                  message.settle();
                  handled.incrementAndGet();
                });
    await().until(() -> handled.get() == 1);
    commitFailure = failure;
    subscription.dispose();
    awaitEnd();
    await().until(() -> errors.contains(failure));
  }

  @Test
  void recordWhoseBatchIsCorruptEndsTheFluxWhichNamesIt() {
    assignWithCorruptRecordAt(2, 5);
    StepVerifier.create(flux())
        .thenConsumeWhile(message -> message.raw().offset() < 2)
        .expectErrorSatisfies(
            e ->
                assertThat(e)
                    .hasStackTraceContaining("the record of orders-0 at offset 2 cannot be read"))
        .verify(Duration.ofSeconds(50));
    awaitEnd();
  }

  @Test
  void recordWhoseBatchIsCorruptIsAMessageWithAFailureByPolicy() {
    assignWithCorruptRecordAt(2, 5);
    List<Message<String, String>> messages = Collections.synchronizedList(new ArrayList<>());
    var subscription =
        fluxBuilder()
            .corruptRecords(CorruptRecords.FAIL)
            .flux()
            .doOnNext(messages::add)
            .subscribe(Message::settle);
    await().until(() -> committed(P0) == 5);
    subscription.dispose();
    awaitEnd();
    assertThat(messages).hasSize(5);
    var unread = messages.get(2);
    assertThat(unread.raw().offset()).isEqualTo(2);
    assertThatThrownBy(unread::record).hasStackTraceContaining("Record is corrupt");
  }

  @Test
  void noMoreIsTakenThanIsRequestedAndPartitionsArePaused() {
    assign(100, P0);
    List<Message<String, String>> messages = Collections.synchronizedList(new ArrayList<>());
    StepVerifier.create(flux().doOnNext(messages::add), 3)
        .expectNextCount(3)
        .then(() -> await().until(() -> mock.paused().equals(Set.of(P0))))
        .expectNoEvent(Duration.ofMillis(100))
        .thenRequest(5)
        .expectNextCount(5)
        .then(() -> messages.forEach(Message::settle))
        .thenCancel()
        .verify(Duration.ofSeconds(10));
    awaitEnd();
    assertThat(lastCommits).containsEntry(P0, 8L);
  }

  @Test
  void cancelledFluxCommitsWhatIsSettledAndNothingElse() {
    assign(100, P0);
    StepVerifier.create(
            flux()
                .concatMap(
                    MessageFlux.settling(
                        record -> record.offset() < 7 ? Mono.just(1) : Mono.<Integer>never())))
        .expectNextCount(7)
        .thenCancel()
        .verify(Duration.ofSeconds(10));
    awaitEnd();
    assertThat(lastCommits).containsEntry(P0, 7L);
  }

  @Test
  void handlerThatFailsEndsTheFluxAndItsRecordIsNotCommitted() {
    assign(100, P0);
    var cause = new IOException("store");
    StepVerifier.create(
            flux()
                .concatMap(
                    MessageFlux.settling(
                        record -> record.offset() < 7 ? Mono.just(1) : Mono.<Integer>error(cause))))
        .expectNextCount(7)
        .verifyErrorSatisfies(e -> assertThat(e).isSameAs(cause));
    awaitEnd();
    assertThat(lastCommits).containsEntry(P0, 7L);
  }

  @Test
  void emptyHandlersAreHandlersThatSucceed() {
    assign(10, P0);
    var subscription = flux().flatMap(MessageFlux.settling(record -> Mono.empty())).subscribe();
    await().until(() -> committed(P0) == 10);
    subscription.dispose();
    awaitEnd();
  }

  @Test
  void consumerThatCanNotGoOnIsTheErrorOfTheFlux() {
    assign(1, P0);
    mock.schedulePollTask(() -> mock.setPollException(new KafkaException("not allowed")));
    StepVerifier.create(flux().ignoreElements())
        .verifyErrorSatisfies(e -> assertThat(e).hasMessageContaining("not allowed"));
    assertThat(mock.closed()).isTrue();
  }

  @Test
  void consumerThatCanNotBeMadeIsTheErrorOfTheFlux() {
    var cause = new KafkaException("no broker");
    StepVerifier.create(fluxBuilder().factory(properties -> fail(cause)).flux())
        .verifyErrorSatisfies(e -> assertThat(e).isSameAs(cause));
  }

  private static Consumer<byte[], byte[]> fail(RuntimeException cause) {
    throw cause;
  }

  @Test
  void eachSubscriptionOpensAConsumer() {
    var opened = new AtomicInteger();
    var flux =
        fluxBuilder()
            .factory(
                properties -> {
                  opened.incrementAndGet();
                  return fail(new KafkaException("one"));
                })
            .flux();
    assertThat(opened).hasValue(0);
    StepVerifier.create(flux).verifyError();
    StepVerifier.create(flux).verifyError();
    assertThat(opened).hasValue(2);
  }

  @Test
  void contextOfTheSubscriberStopsIt() {
    assign(1, P0);
    try (var context = Context.background().withCancel()) {
      StepVerifier.create(flux().contextWrite(view -> view.put(Context.class, context)))
          .expectNextCount(1)
          .then(() -> context.cancel(new IOException("stop")))
          .verifyErrorSatisfies(
              e ->
                  assertThat(e)
                      .satisfiesAnyOf(
                          one -> assertThat(one).isInstanceOf(IOException.class),
                          one -> assertThat(one).isInstanceOf(CancellationException.class)));
    }
    assertThat(mock.closed()).isTrue();
  }

  @Test
  void requestThatIsNotPositiveEndsTheFlux() {
    assign(1, P0);
    List<Throwable> ends = Collections.synchronizedList(new ArrayList<>());
    flux()
        .subscribe(
            new CoreSubscriber<>() {
              @Override
              public void onSubscribe(Subscription subscription) {
                subscription.request(0);
              }

              @Override
              public void onNext(Message<String, String> message) {}

              @Override
              public void onError(Throwable end) {
                ends.add(end);
              }

              @Override
              public void onComplete() {}
            });
    await().until(() -> ends.size() == 1);
    assertThat(ends.getFirst()).isInstanceOf(IllegalArgumentException.class);
    assertThat(mock.closed()).isTrue();
  }

  /** And records of one partition are handed over in their order. */
  @Test
  void slowDeserializerHoldsUpNoOtherPartition() {
    var gate = new Gate();
    Map<String, Object> properties = properties();
    properties.put("value.deserializer", SlowDeserializer.class);
    properties.put(SlowDeserializer.GATE, gate);
    assign(0, P0, P1);
    mock.schedulePollTask(
        () -> {
          mock.addRecord(
              new ConsumerRecord<>(P0.topic(), P0.partition(), 0, bytes("k"), bytes("slow")));
          add(P0, 1, 20);
          add(P1, 0, 20);
        });
    List<Long> offsets = Collections.synchronizedList(new ArrayList<>());
    var subscription =
        fluxBuilder()
            .properties(properties)
            .flux()
            .doOnNext(
                message -> {
                  if (message.raw().partition() == P0.partition()) {
                    offsets.add(message.raw().offset());
                  }
                })
            .flatMap(MessageFlux.settling(record -> Mono.empty()))
            .subscribe();
    await().until(() -> gate.calls() == 1 && committed(P1) == 20);
    assertThat(committed(P0)).isLessThan(1);
    gate.open();
    await().until(() -> committed(P0) == 20);
    subscription.dispose();
    awaitEnd();
    assertThat(offsets).hasSize(20).isSorted();
  }
}
