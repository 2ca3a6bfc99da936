package dev.millrace.stages.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

@Timeout(60)
class MergeFluxTest {

  /** More elements than any bound allows. */
  private static final int FOR_EVER = 10_000;

  private final Queue<Runnable> handedOver = new ArrayDeque<>();
  private final List<Throwable> errors = new ArrayList<>();

  /** An input in the hands of the test. */
  private static final class Hand extends Flux<Object> implements Subscription {
    @SuppressWarnings("NullAway.Init") // by subscribe, which comes first
    CoreSubscriber<? super Object> to;

    long requested;
    boolean cancelled;
    Runnable onRequest = () -> {};

    @Override
    public void subscribe(CoreSubscriber<? super Object> actual) {
      to = actual;
      actual.onSubscribe(this);
    }

    @Override
    public void request(long n) {
      requested += n;
      onRequest.run();
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    boolean give(Object element) {
      if (requested == 0 || cancelled) {
        return false;
      }
      requested--;
      to.onNext(element);
      return true;
    }
  }

  /** A subscriber in the hands of the test. */
  private static final class Taker implements CoreSubscriber<Object> {
    final List<Object> taken = new ArrayList<>();
    final long first;
    Consumer<Object> onNext = element -> {};
    boolean complete;

    Taker(long first) {
      this.first = first;
    }

    @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
    private Subscription subscription;

    void request(long n) {
      subscription.request(n);
    }

    @Override
    public void onSubscribe(Subscription s) {
      subscription = s;
      if (first > 0) {
        request(first);
      }
    }

    @Override
    public void onNext(Object element) {
      taken.add(element);
      onNext.accept(element);
    }

    @Override
    public void onError(Throwable failure) {
      throw new AssertionError(failure);
    }

    @Override
    public void onComplete() {
      complete = true;
    }
  }

  private Taker merge(long first, Hand... inputs) {
    var taker = new Taker(first);
    Flux<Object> merged = new MergeFlux(List.of(inputs), handedOver::add, errors::add);
    merged.subscribe(taker);
    return taker;
  }

  private void runHandedOver() {
    for (Runnable next; (next = handedOver.poll()) != null; ) {
      next.run();
    }
  }

  /** From now on, this input gives an element whenever one was taken or requested. */
  private static void isFast(Hand input, Taker taker) {
    input.onRequest =
        () -> {
          if (taker.taken.size() < FOR_EVER && !taker.taken.contains("own again")) {
            input.give("fast");
          }
        };
    taker.onNext = element -> input.onRequest.run();
  }

  @Test
  void fastInputDoesNotKeepTheThreadOfAnotherInput() {
    var own = new Hand();
    var fast = new Hand();
    Taker taker = merge(Long.MAX_VALUE, own, fast);
    isFast(fast, taker);

    own.give("own");

    assertThat(taker.taken).startsWith("own", "fast").hasSizeLessThan(1000);
    assertThat(handedOver).hasSize(1);
    own.give("own again");
    assertThat(taker.taken).as("no two threads give elements").doesNotContain("own again");
    runHandedOver();
    assertThat(taker.taken).contains("own again");
    assertThat(errors).isEmpty();
  }

  /** As above, in the thread that gives the rest. */
  @Test
  void fastInputDoesNotHoldUpTheElementsOfAnother() {
    var own = new Hand();
    var fast = new Hand();
    Taker taker = merge(Long.MAX_VALUE, fast, own);
    isFast(fast, taker);
    own.give("own");
    own.give("own again");
    assertThat(handedOver).hasSize(1);

    runHandedOver();

    assertThat(taker.taken.indexOf("own again")).isBetween(1, 1000);
  }

  @Test
  void eachInputHasItsTurnIfOneElementIsAskedForAtATime() {
    var one = new Hand();
    var two = new Hand();
    Taker taker = merge(0, one, two);
    for (int i = 0; i < 3; i++) {
      one.give("one");
      two.give("two");
    }
    for (int i = 0; i < 6; i++) {
      taker.request(1);
      assertThat(taker.taken).hasSize(i + 1);
    }
    assertThat(taker.taken).containsExactly("one", "two", "one", "two", "one", "two");
  }

  @Test
  void elementThatComesWhileOthersWaitKeepsTheOrder() {
    var input = new Hand();
    Taker taker = merge(0, input);
    input.give(1);
    taker.onNext = element -> input.give((Integer) element + 2);
    input.give(2);
    taker.request(4);
    assertThat(taker.taken).containsExactly(1, 2, 3, 4);
    taker.request(1);
    taker.onNext = element -> {};
    input.give(8);
    taker.request(Long.MAX_VALUE);
    assertThat(taker.taken).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
  }

  @Test
  void inputIsAskedForNoMoreThanItsQueueHolds() {
    var input = new Hand();
    Taker taker = merge(0, input);
    int given = 0;
    while (input.give(given)) {
      given++;
    }
    assertThat(given).isEqualTo(Prefetch.MERGE);
    taker.request(Long.MAX_VALUE);
    runHandedOver();
    while (given < 10 * Prefetch.MERGE && input.give(given)) {
      given++;
    }
    assertThat(taker.taken).isEqualTo(IntStream.range(0, 10 * Prefetch.MERGE).boxed().toList());
    assertThat(errors).isEmpty();
  }

  @Test
  void completesAfterTheLastElementOfAllInputs() {
    var one = new Hand();
    var two = new Hand();
    Taker taker = merge(0, one, two);
    one.give("one");
    one.to.onComplete();
    two.to.onComplete();
    assertThat(taker.complete).isFalse();
    taker.request(1);
    assertThat(taker.complete).isTrue();
    assertThat(taker.taken).containsExactly("one");
  }

  @Test
  void cancelReachesAllInputs() {
    var one = new Hand();
    var two = new Hand();
    Taker taker = merge(Long.MAX_VALUE, one, two);
    taker.onNext = element -> taker.subscription.cancel();
    one.give("one");
    assertThat(one.cancelled).isTrue();
    assertThat(two.cancelled).isTrue();
    two.to.onNext("late");
    assertThat(taker.taken).containsExactly("one");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3, 200, Long.MAX_VALUE})
  void elementsOfManyThreadsComeOnceAndInOrder(long batch) throws Exception {
    int inputs = 4;
    int each = 20_000;
    var next = new int[inputs];
    var complete = new CountDownLatch(1);
    Executor threads = task -> Thread.ofVirtual().start(task);
    List<Flux<Object>> numbers = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      int input = i;
      numbers.add(
          Flux.range(0, each)
              .<Object>map(number -> new int[] {input, number})
              .subscribeOn(Schedulers.fromExecutor(threads)));
    }
    new MergeFlux(numbers, threads, errors::add)
        .subscribe(
            new CoreSubscriber<>() {
              private long left = batch;
              private boolean inside;

              @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
              private Subscription subscription;

              @Override
              public void onSubscribe(Subscription s) {
                subscription = s;
                s.request(batch);
              }

              @Override
              public void onNext(Object element) {
                var pair = (int[]) element;
                if (inside || pair[1] != next[pair[0]]++) {
                  errors.add(new AssertionError("two threads, or out of order"));
                }
                inside = true;
                if (--left == 0) {
                  left = batch;
                  threads.execute(() -> subscription.request(batch));
                }
                inside = false;
              }

              @Override
              public void onComplete() {
                complete.countDown();
              }

              @Override
              public void onError(Throwable failure) {
                errors.add(failure);
              }
            });
    assertThat(complete.await(50, TimeUnit.SECONDS)).isTrue();
    assertThat(errors).isEmpty();
    assertThat(next).containsOnly(each);
  }
}
