package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Channels;
import dev.millrace.channel.Producer;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BridgesTest {

  private final Threads threads = new Threads();
  private final TaskGroup group = TaskGroup.open(Context.background());

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    group.close();
    threads.close();
  }

  /** Keeps every signal. */
  private static class Recorder implements Flow.Subscriber<Integer> {
    final List<Integer> elements = new CopyOnWriteArrayList<>();
    final CompletableFuture<String> end = new CompletableFuture<>();
    final AtomicReference<Flow.@Nullable Subscription> subscription = new AtomicReference<>();

    Flow.Subscription subscription() {
      return Objects.requireNonNull(subscription.get());
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      this.subscription.set(subscription);
    }

    @Override
    public void onNext(Integer element) {
      elements.add(element);
    }

    @Override
    public void onError(Throwable failure) {
      end.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      end.complete("complete");
    }

    void awaitCount(int count) {
      await().until(() -> elements.size() == count);
    }
  }

  private static Channel<Integer> holding(int count) {
    Channel<Integer> channel = Channel.unlimited();
    IntStream.range(0, count).forEach(channel::trySend);
    return channel;
  }

  /** Never waits for ever, as {@code join} does. */
  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(50, TimeUnit.SECONDS);
  }

  private static void awaitReceiver(Channel<?> channel) {
    while (channel.waitingReceivers() == 0) {
      Thread.yield();
    }
  }

  /** A short pause of different lengths, so that two threads meet in different ways. */
  private static void pause(int turn) {
    for (int i = turn % 100 * 20; i > 0; i--) {
      Thread.onSpinWait();
    }
  }

  // The publisher

  @Test
  void demandIsObeyed() throws Exception {
    Channel<Integer> channel = holding(10);
    var recorder = new Recorder();
    Bridges.publisher(group, channel).subscribe(recorder);
    recorder.subscription().request(2);
    recorder.awaitCount(2);
    recorder.subscription().request(3);
    recorder.awaitCount(5);
    assertThat(channel.size()).isEqualTo(5);
    recorder.subscription().request(Long.MAX_VALUE);
    recorder.subscription().request(Long.MAX_VALUE);
    recorder.awaitCount(10);
    channel.close();
    assertThat(get(recorder.end)).isEqualTo("complete");
    assertThat(recorder.elements).isSorted();
    group.join();
  }

  @Test
  void endIsToldWithoutDemandIfItIsKnown() throws Exception {
    Channel<Integer> channel = holding(2);
    channel.close();
    var recorder = new Recorder();
    Bridges.publisher(group, channel).subscribe(recorder);
    recorder.subscription().request(2);
    assertThat(get(recorder.end)).isEqualTo("complete");
    assertThat(recorder.elements).containsExactly(0, 1);
    Channel<Integer> failed = Channel.rendezvous();
    var failure = new IOException("cut");
    failed.close(failure);
    var other = new Recorder();
    Bridges.publisher(group, failed).subscribe(other);
    assertThatThrownBy(() -> get(other.end)).hasCause(failure);
  }

  @Test
  void cancelledSubscriptionTakesNothing() throws Exception {
    Channel<Integer> channel = holding(0);
    var recorder = new Recorder();
    Bridges.publisher(group, channel).subscribe(recorder);
    recorder.subscription().request(5);
    await().until(() -> channel.waitingReceivers() == 1);
    recorder.subscription().cancel();
    group.join(); // no thread is left
    channel.send(1);
    assertThat(channel.size()).isEqualTo(1);
    assertThat(recorder.elements).isEmpty();
    assertThat(recorder.end).isNotDone();
  }

  @Test
  void cancelFromInsideOnNextEndsTheSignals() throws Exception {
    Channel<Integer> channel = holding(10);
    var interrupted = new AtomicReference<Boolean>();
    var recorder =
        new Recorder() {
          @Override
          public void onNext(Integer element) {
            super.onNext(element);
            if (element == 3) {
              subscription().cancel();
              interrupted.set(Thread.currentThread().isInterrupted());
            }
          }
        };
    Bridges.publisher(group, channel).subscribe(recorder);
    recorder.subscription().request(Long.MAX_VALUE);
    group.join();
    assertThat(recorder.elements).containsExactly(0, 1, 2, 3);
    assertThat(channel.size()).isEqualTo(6);
    assertThat(interrupted.get()).isFalse();
    assertThat(recorder.end).isNotDone();
  }

  @Test
  void elementIsNeverLostByACancelThatComesWithIt() throws Exception {
    for (int i = 0; i < 2000; i++) {
      Channel<Integer> channel = Channel.rendezvous();
      var recorder = new Recorder();
      boolean sent;
      try (var own = TaskGroup.open(Context.background())) {
        Bridges.publisher(own, channel).subscribe(recorder);
        recorder.subscription().request(1);
        awaitReceiver(channel);
        var sending = threads.start(() -> channel.trySend(1));
        pause(i);
        recorder.subscription().cancel();
        sent = sending.get();
        own.join();
      }
      assertThat(recorder.elements).hasSize(sent ? 1 : 0);
    }
  }

  @Test
  void requestsFromInsideOnNextDoNotGrowTheStack() throws Exception {
    Channel<Integer> channel = holding(1_000_000);
    channel.close();
    var count = new CompletableFuture<Integer>();
    Bridges.publisher(group, channel)
        .subscribe(
            new Flow.Subscriber<>() {
              private Flow.@Nullable Subscription subscription;
              private int seen;

              @Override
              public void onSubscribe(Flow.Subscription subscription) {
                this.subscription = subscription;
                subscription.request(1);
              }

              @Override
              public void onNext(Integer element) {
                if (element != seen++) {
                  throw new AssertionError("not " + element);
                }
                Objects.requireNonNull(subscription).request(1);
              }

              @Override
              public void onError(Throwable failure) {
                count.completeExceptionally(failure);
              }

              @Override
              public void onComplete() {
                count.complete(seen);
              }
            });
    assertThat(get(count)).isEqualTo(1_000_000);
  }

  @Test
  void demandThatIsNotPositiveFailsTheSubscription() throws Exception {
    for (long demand : new long[] {0, -1, Long.MIN_VALUE}) {
      Channel<Integer> channel = holding(0);
      var recorder = new Recorder();
      Bridges.publisher(group, channel).subscribe(recorder);
      recorder.subscription().request(1);
      recorder.subscription().request(demand);
      assertThatThrownBy(() -> get(recorder.end))
          .cause()
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("request(" + demand + ")");
    }
    group.join();
  }

  @Test
  void eachElementGoesToOneOfTheSubscribers() throws Exception {
    Channel<Integer> channel = holding(20_000);
    channel.close();
    Flow.Publisher<Integer> publisher = Bridges.publisher(group, channel);
    var first = new Recorder();
    var second = new Recorder();
    publisher.subscribe(first);
    publisher.subscribe(second);
    first.subscription().request(Long.MAX_VALUE);
    second.subscription().request(Long.MAX_VALUE);
    get(first.end);
    get(second.end);
    assertThat(Stream.concat(first.elements.stream(), second.elements.stream()).sorted())
        .hasSize(20_000)
        .doesNotHaveDuplicates();
  }

  @Test
  void cancelledGroupFailsTheSubscriptionsAndRefusesLaterOnes() throws Exception {
    Channel<Integer> channel = holding(0);
    var waiting = new Recorder();
    var idle = new Recorder();
    var late = new Recorder();
    var tooLate = new Recorder();
    Flow.Publisher<Integer> publisher = Bridges.publisher(group, channel);
    publisher.subscribe(waiting);
    publisher.subscribe(idle);
    waiting.subscription().request(1);
    var cause = new IOException("stop");
    group.cancel(cause);
    publisher.subscribe(late);
    for (Recorder recorder : List.of(waiting, idle, late)) {
      assertThatThrownBy(() -> get(recorder.end))
          .isInstanceOf(CancellationException.class)
          .hasRootCause(cause);
    }
    group.close();
    publisher.subscribe(tooLate);
    assertThatThrownBy(() -> get(tooLate.end)).hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void limitOfTheGroupRefusesTheSubscription() {
    group.limit(1);
    Flow.Publisher<Integer> publisher = Bridges.publisher(group, holding(0));
    publisher.subscribe(new Recorder());
    var recorder = new Recorder();
    publisher.subscribe(recorder);
    assertThatThrownBy(() -> get(recorder.end))
        .cause()
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("limit");
  }

  @Test
  void subscriberThatThrowsFailsTheGroup() {
    var failure = new IllegalStateException("in onNext");
    var recorder =
        new Recorder() {
          @Override
          public void onNext(Integer element) {
            throw failure;
          }
        };
    Bridges.publisher(group, holding(1)).subscribe(recorder);
    recorder.subscription().request(1);
    assertThatThrownBy(group::join).isInstanceOf(ExecutionException.class).hasCause(failure);
    assertThat(recorder.end).isNotDone();
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void nobodyCanNotSubscribe() {
    assertThatThrownBy(() -> Bridges.publisher(group, holding(0)).subscribe(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("subscriber");
  }

  @Test
  void aMillionElementsGoOutAsAPublisherAndComeInAgain() throws Exception {
    Producer<Integer> numbers = Producer.from(() -> IntStream.range(0, 1_000_000).iterator());
    try (Generator<Integer> out = Generator.open(Context.background(), 256, numbers);
        Generator<Integer> in =
            Generator.open(
                Context.background(),
                256,
                Producer.from(Bridges.publisher(group, out.channel()), 256))) {
      var sum =
          threads.start(() -> Channels.stream(in.channel()).mapToLong(Integer::longValue).sum());
      assertThat(sum.get()).isEqualTo(999_999L * 1_000_000 / 2);
    }
  }

  @Test
  void readerThatLeavesEarlyStopsTheWholeWayBack() throws Exception {
    var stopped = new CountDownLatch(1);
    Producer<Integer> endless =
        out -> {
          try {
            Producer.from(() -> Stream.generate(() -> 1).iterator()).produce(out);
          } finally {
            stopped.countDown();
          }
        };
    try (Generator<Integer> out = Generator.open(Context.background(), endless)) {
      Flow.Publisher<Integer> publisher = Bridges.publisher(group, out.channel());
      try (Generator<Integer> in =
          Generator.open(Context.background(), Producer.from(publisher, 4))) {
        assertThat(in.iterator().next()).isEqualTo(1);
      }
      group.join(); // the subscription was cancelled: its thread has ended
      assertThat(stopped.getCount()).isEqualTo(1);
    }
    stopped.await();
  }

  // The next element

  @Test
  void nextElementCompletesTheFuture() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    CompletableFuture<Integer> next = Bridges.next(group, channel);
    CompletableFuture<Integer> derived = next.thenApply(i -> i + 1);
    assertThat(next).isNotDone();
    channel.send(1);
    assertThat(get(next)).isEqualTo(1);
    assertThat(get(derived)).isEqualTo(2);
    assertThat(next.cancel(true)).isFalse();
    group.join();
  }

  @Test
  void closedChannelFailsTheFutureAndNotTheGroup() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    CompletableFuture<Integer> next = Bridges.next(group, channel);
    var cause = new IOException("cut");
    channel.close(cause);
    assertThatThrownBy(() -> get(next))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(ChannelClosedException.class)
        .hasCause(cause);
    group.join();
  }

  @Test
  void cancelledFutureTakesNothing() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    CompletableFuture<Integer> next = Bridges.next(group, channel);
    await().until(() -> channel.waitingReceivers() == 1);
    assertThat(next.cancel(false)).isTrue();
    assertThat(channel.waitingReceivers()).isZero();
    assertThat(next.cancel(false)).isTrue();
    assertThat(next).isCancelled();
    group.join();
  }

  @Test
  void otherCompletionsTakeNothing() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    CompletableFuture<Integer> timed =
        Bridges.next(group, channel).orTimeout(1, TimeUnit.MILLISECONDS);
    assertThatThrownBy(() -> get(timed)).hasCauseInstanceOf(TimeoutException.class);
    CompletableFuture<Integer> replaced =
        Bridges.next(group, channel).completeOnTimeout(7, 1, TimeUnit.MILLISECONDS);
    assertThat(get(replaced)).isEqualTo(7);
    CompletableFuture<Integer> failed = Bridges.next(group, channel);
    assertThat(failed.completeExceptionally(new IOException("mine"))).isTrue();
    CompletableFuture<Integer> completed = Bridges.next(group, channel);
    assertThat(completed.complete(8)).isTrue();
    assertThat(completed.complete(9)).isFalse();
    assertThat(channel.waitingReceivers()).isZero();
    CompletableFuture<Integer> refusing = Bridges.next(group, channel);
    assertThatThrownBy(() -> refusing.completeAsync(() -> 1))
        .isInstanceOf(UnsupportedOperationException.class);
    refusing.cancel(true);
    group.join();
  }

  @Test
  void elementIsNeverLostByACancelledFuture() throws Exception {
    for (int i = 0; i < 5000; i++) {
      Channel<Integer> channel = Channel.rendezvous();
      CompletableFuture<Integer> next = Bridges.next(group, channel);
      awaitReceiver(channel);
      var sending = threads.start(() -> channel.trySend(1));
      pause(i);
      boolean cancelled = next.cancel(false);
      if (sending.get()) {
        assertThat(cancelled).isFalse();
        assertThat(next).isCompletedWithValue(1);
      } else {
        assertThat(next).isCancelled();
      }
    }
  }

  @Test
  void cancelledGroupCancelsTheFuture() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    CompletableFuture<Integer> next = Bridges.next(group, channel);
    var cause = new IOException("stop");
    group.cancel(cause);
    await().until(next::isDone);
    assertThat(next).isCancelled();
    CompletableFuture<Integer> late = Bridges.next(group, channel);
    assertThatThrownBy(() -> get(late))
        .isInstanceOf(CancellationException.class)
        .hasRootCause(cause);
    assertThat(channel.waitingReceivers()).isZero();
    group.close();
    assertThatThrownBy(() -> Bridges.next(group, channel))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void dependentThatBlocksDoesNotHoldUpACancel() throws Exception {
    Channel<Integer> channel = Channel.rendezvous();
    var release = new CountDownLatch(1);
    var begun = new CountDownLatch(1);
    CompletableFuture<Integer> next = Bridges.next(group, channel);
    CompletableFuture<Void> derived =
        next.thenAccept(
            i -> {
              begun.countDown();
              try {
                release.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    channel.send(1);
    begun.await();
    var cancelling = threads.start(() -> next.cancel(false));
    try {
      assertThat(cancelling.get()).isFalse();
    } finally {
      release.countDown();
    }
    get(derived);
  }
}
