package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PipePublisherTest {

  private static final class Collected implements Flow.Subscriber<Integer> {
    final List<Integer> elements = new java.util.concurrent.CopyOnWriteArrayList<>();
    final CountDownLatch ended = new CountDownLatch(1);
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
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
    public void onError(Throwable throwable) {
      failure.set(throwable);
      ended.countDown();
    }

    @Override
    public void onComplete() {
      ended.countDown();
    }
  }

  private final LoopEngine engine = new LoopEngine();
  private final Collected collected = new Collected();
  private final AtomicInteger produced = new AtomicInteger();
  private final Pipe<Integer> numbers =
      Pipe.from(Source.<Integer>generate(produced::incrementAndGet));

  @Test
  void runGoesOnAsFarAsThereIsDemand() throws Exception {
    numbers.take("take", 5).publisher(engine, Context.background()).subscribe(collected);
    await().until(() -> produced.get() == 1); // one waits for demand
    assertThat(collected.elements).isEmpty();
    collected.subscription().request(2);
    await().until(() -> produced.get() == 3);
    assertThat(collected.elements).containsExactly(1, 2);
    collected.subscription().request(Long.MAX_VALUE);
    collected.ended.await();
    assertThat(collected.elements).containsExactly(1, 2, 3, 4, 5);
    assertThat(collected.failure.get()).isNull();
    assertThat(produced).hasValue(5);
  }

  @Test
  void eachSubscriptionIsARunOfItsOwn() throws Exception {
    Flow.Publisher<Integer> publisher =
        Pipe.from(Source.of(List.of(1, 2, 3))).publisher(engine, Context.background());
    for (Collected each : List.of(collected, new Collected())) {
      publisher.subscribe(each);
      each.subscription().request(10);
      each.ended.await();
      assertThat(each.elements).containsExactly(1, 2, 3);
    }
  }

  @Test
  void cancelledSubscriptionEndsARunThatWaitsForItsSource() {
    Channel<Integer> silent = Channel.rendezvous();
    var closed = new CountDownLatch(1);
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public @Nullable Integer next() throws InterruptedException {
                return silent.receiveOrNull();
              }

              @Override
              public void close() {
                closed.countDown();
              }
            };
    Pipe.from(source).publisher(engine, Context.background()).subscribe(collected);
    await().until(() -> silent.waitingReceivers() == 1);
    collected.subscription().cancel();
    await().until(() -> closed.getCount() == 0);
    assertThat(silent.waitingReceivers()).isZero();
    assertThat(collected.ended.getCount()).as("nobody is told").isEqualTo(1);
  }

  @Test
  void cancelledContextIsTold() throws Exception {
    Channel<Integer> silent = Channel.rendezvous();
    try (var context = Context.background().withCancel()) {
      Pipe.from(Source.channel(silent)).publisher(engine, context).subscribe(collected);
      await().until(() -> silent.waitingReceivers() == 1);
      context.cancel();
      collected.ended.await();
    }
    assertThat(collected.failure.get()).isInstanceOf(CancellationException.class);
  }

  @Test
  void failureThatStopsTheRunIsTheSubscribersToo() throws Exception {
    var boom = new IOException("boom");
    Pipe.from(Source.of(List.of(1, 2)))
        .<Integer>map(
            "fails",
            element -> {
              throw boom;
            })
        .publisher(engine, Context.background())
        .subscribe(collected);
    collected.ended.await();
    assertThat(collected.failure.get()).isSameAs(boom);
  }

  @Test
  void failuresThatAreHandledAreNot() throws Exception {
    var failures = new ConcurrentLinkedQueue<Failure<?>>();
    Pipe.from(Source.of(List.of(1, 2, 3)))
        .map("odd", element -> element % 2 == 0 ? failing() : element)
        .publisher(engine, Context.background(), failures::add)
        .subscribe(collected);
    collected.subscription().request(3);
    collected.ended.await();
    assertThat(collected.elements).containsExactly(1, 3);
    assertThat(failures).hasSize(1);
  }

  private static Integer failing() throws IOException {
    throw new IOException("even");
  }

  @Test
  void endIsToldWhenNothingOfTheRunIsAlive() throws Exception {
    var release = new Semaphore(0);
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public @Nullable Integer next() {
                return null;
              }

              @Override
              public void close() {
                release.acquireUninterruptibly();
              }
            };
    Pipe.from(source).publisher(engine, Context.background()).subscribe(collected);
    await().until(release::hasQueuedThreads);
    assertThat(collected.ended.getCount()).isEqualTo(1);
    release.release();
    collected.ended.await();
  }

  @Test
  void compositionIsCheckedBeforeAnybodySubscribes() {
    Pipe<Integer> twice = numbers.map("x", i -> i).map("x", i -> i);
    assertThatThrownBy(() -> twice.publisher(engine, Context.background()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
