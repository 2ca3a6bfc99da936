package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a {@code Flow.Publisher}. */
@Timeout(60)
class PublisherProducerTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** A publisher and its only subscription, driven by the test. */
  private static final class Probe implements Flow.Publisher<Integer>, Flow.Subscription {
    final AtomicLong requested = new AtomicLong();
    final CountDownLatch subscribed = new CountDownLatch(1);
    final CountDownLatch cancelled = new CountDownLatch(1);
    final Set<Thread> callers = ConcurrentHashMap.newKeySet();
    Flow.@Nullable Subscriber<? super Integer> subscriber;

    @Override
    public void subscribe(Flow.Subscriber<? super Integer> subscriber) {
      this.subscriber = subscriber;
      subscribed.countDown();
    }

    Flow.Subscriber<? super Integer> subscriber() throws InterruptedException {
      subscribed.await();
      return Objects.requireNonNull(subscriber);
    }

    @Override
    public void request(long count) {
      callers.add(Thread.currentThread());
      requested.addAndGet(count);
    }

    @Override
    public void cancel() {
      callers.add(Thread.currentThread());
      cancelled.countDown();
    }
  }

  private final Probe probe = new Probe();
  private final Channel<Integer> channel = Channel.rendezvous();

  /** Runs the producer, and closes the channel at its end, so that a loop over the channel ends. */
  private Threads.Running<Boolean> start(Flow.Publisher<Integer> publisher, int prefetch) {
    return threads.start(
        () -> {
          try {
            Producer.from(publisher, prefetch).produce(channel);
            return true;
          } finally {
            channel.close();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 256})
  void aMillionElementsArriveInOrder(int prefetch) throws Exception {
    int count = prefetch < 256 ? 20_000 : 1_000_000;
    try (var publisher = new SubmissionPublisher<Integer>()) {
      var running = start(publisher, prefetch);
      threads.start(
          () -> {
            await().until(publisher::hasSubscribers);
            for (int i = 0; i < count; i++) {
              publisher.submit(i);
            }
            publisher.close();
            return true;
          });
      var reader =
          threads.start(
              () -> {
                int expected = 0;
                for (int element : channel) {
                  if (element != expected++) {
                    throw new AssertionError("not " + element);
                  }
                }
                return expected;
              });
      assertThat(reader.get()).isEqualTo(count);
      assertThat(running.get()).isTrue();
    }
  }

  @Test
  void requestsWhatTheChannelTakesAndThePrefetch() throws Exception {
    var running = start(probe, 4);
    Flow.Subscriber<? super Integer> subscriber = probe.subscriber();
    subscriber.onSubscribe(probe);
    await().until(() -> probe.requested.get() == 4);
    for (int i = 0; i < 4; i++) {
      subscriber.onNext(i); // does not block the publisher
    }
    await().until(() -> channel.waitingSenders() == 1);
    assertThat(probe.requested).hasValue(4);
    assertThat(channel.receive()).isEqualTo(0);
    await().until(() -> channel.waitingSenders() == 1);
    assertThat(probe.requested).hasValue(4);
    assertThat(channel.receive()).isEqualTo(1);
    await().until(() -> probe.requested.get() == 6);
    subscriber.onComplete();
    assertThat(channel).containsExactly(2, 3);
    assertThat(running.get()).isTrue();
    assertThat(probe.cancelled.getCount()).isEqualTo(1);
    assertThat(probe.callers).containsExactly(running.thread());
  }

  @Test
  void errorIsThrownBehindTheElements() throws Exception {
    var failure = new IOException("failed");
    var running = start(probe, 4);
    Flow.Subscriber<? super Integer> subscriber = probe.subscriber();
    subscriber.onSubscribe(probe);
    await().until(() -> probe.requested.get() == 4);
    subscriber.onNext(1);
    subscriber.onError(failure);
    assertThat(channel.receive()).isEqualTo(1);
    assertThatThrownBy(running::get).hasCause(failure);
    assertThat(probe.cancelled.getCount()).isEqualTo(1);
    subscriber.onNext(2);
    subscriber.onComplete();
  }

  @Test
  @SuppressWarnings("NullAway") // the test of the second kind of throwable
  void errorsAndOtherThrowablesAreThrownToo() throws Exception {
    var error = new StackOverflowError("deep");
    var running = start(probe, 1);
    probe.subscriber().onError(error); // before onSubscribe, against the rules
    assertThatThrownBy(running::get).hasCause(error);
    var odd = new Throwable("odd");
    Flow.Publisher<Integer> failing = subscriber -> subscriber.onError(odd);
    assertThatThrownBy(() -> Producer.from(failing, 1).produce(Channel.rendezvous()))
        .isInstanceOf(ExecutionException.class)
        .hasCause(odd);
  }

  @Test
  void interruptCancelsTheSubscriptionAndDropsWhatStillComes() throws Exception {
    var running = start(probe, 4);
    Flow.Subscriber<? super Integer> subscriber = probe.subscriber();
    subscriber.onSubscribe(probe);
    subscriber.onNext(1);
    await().until(() -> channel.waitingSenders() == 1);
    running.thread().interrupt();
    assertThat(probe.cancelled.await(50, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(running::get).hasCauseInstanceOf(InterruptedException.class);
    subscriber.onNext(2);
    subscriber.onComplete();
  }

  @Test
  void closedChannelCancelsTheSubscription() throws Exception {
    var running = start(probe, 4);
    Flow.Subscriber<? super Integer> subscriber = probe.subscriber();
    subscriber.onSubscribe(probe);
    subscriber.onNext(1);
    await().until(() -> channel.waitingSenders() == 1);
    channel.close();
    assertThat(probe.cancelled.await(50, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(running::get).hasCauseInstanceOf(ChannelClosedException.class);
  }

  @Test
  void subscriptionThatComesTooLateIsCancelled() throws Exception {
    var running = start(probe, 4);
    Flow.Subscriber<? super Integer> subscriber = probe.subscriber();
    running.thread().interrupt();
    assertThatThrownBy(running::get).hasCauseInstanceOf(InterruptedException.class);
    subscriber.onSubscribe(probe);
    assertThat(probe.cancelled.getCount()).isZero();
    assertThat(probe.requested).hasValue(0);
  }

  @Test
  void publisherThatSendsMoreThanRequestedIsCancelledAndNamed() throws Exception {
    var running = start(probe, 2);
    Flow.Subscriber<? super Integer> subscriber = probe.subscriber();
    subscriber.onSubscribe(probe);
    await().until(() -> probe.requested.get() == 2);
    for (int i = 0; i < 5; i++) {
      subscriber.onNext(i);
    }
    assertThat(channel.receive()).isEqualTo(0);
    assertThat(channel.receive()).isEqualTo(1);
    assertThatThrownBy(
            () -> {
              for (Integer more : channel) {
                assertThat(more).isEqualTo(2);
              }
              running.get();
            })
        .cause()
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("more than the 2 elements that were requested");
    assertThat(probe.cancelled.getCount()).isZero();
  }

  @Test
  void failureToSubscribeIsThrown() {
    Flow.Publisher<Integer> failing =
        subscriber -> {
          throw new IllegalArgumentException("no");
        };
    assertThatThrownBy(() -> Producer.from(failing, 1).produce(channel))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Producer.from(failing, 0))
        .hasMessage("prefetch must be at least 1, but is 0");
  }
}
