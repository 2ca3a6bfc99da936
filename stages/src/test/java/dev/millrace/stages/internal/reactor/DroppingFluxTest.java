package dev.millrace.stages.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.stages.internal.reactor.DroppingFlux.Drops;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.test.publisher.TestPublisher;

class DroppingFluxTest {

  private final TestPublisher<Object> input = TestPublisher.create();
  private final List<Object> dropped = new ArrayList<>();
  private final List<Throwable> errors = new ArrayList<>();
  private Consumer<Object> onDrop = dropped::add;

  /** A subscriber in the hands of the test. */
  private static final class Taker extends BaseSubscriber<Object> {
    final List<Object> taken = new ArrayList<>();
    Consumer<Object> onNext = element -> {};
    boolean complete;

    @Override
    protected void hookOnSubscribe(Subscription subscription) {}

    @Override
    protected void hookOnNext(Object element) {
      taken.add(element);
      onNext.accept(element);
    }

    @Override
    protected void hookOnComplete() {
      complete = true;
    }
  }

  private Taker subscribe(Drops drops) {
    var taker = new Taker();
    new DroppingFlux(input.flux(), 2, drops, element -> onDrop.accept(element), errors::add)
        .subscribe(taker);
    return taker;
  }

  @Test
  void oldestElementsMakeRoom() {
    Taker taker = subscribe(Drops.OLDEST);
    input.next(1, 2, 3, 4);
    assertThat(dropped).containsExactly(1, 2);
    taker.request(9);
    assertThat(taker.taken).containsExactly(3, 4);
  }

  @Test
  void newestElementsFindNoRoom() {
    Taker taker = subscribe(Drops.NEWEST);
    input.next(1, 2, 3, 4);
    assertThat(dropped).containsExactly(3, 4);
    taker.request(1);
    input.next(5);
    taker.request(9);
    assertThat(taker.taken).containsExactly(1, 2, 5);
  }

  @Test
  void requestedElementsDoNotWait() {
    Taker taker = subscribe(Drops.OLDEST);
    taker.request(Long.MAX_VALUE);
    input.next(1, 2, 3, 4, 5);
    assertThat(taker.taken).containsExactly(1, 2, 3, 4, 5);
    assertThat(dropped).isEmpty();
  }

  @Test
  void endComesAfterTheLastElement() {
    Taker taker = subscribe(Drops.OLDEST);
    taker.request(1);
    input.next(1, 2).complete();
    assertThat(taker.complete).isFalse();
    taker.request(1);
    assertThat(taker.taken).containsExactly(1, 2);
    assertThat(taker.complete).isTrue();
  }

  @Test
  void endNeedsNoRequest() {
    Taker taker = subscribe(Drops.NEWEST);
    input.complete();
    assertThat(taker.complete).isTrue();
  }

  @Test
  void subscriberMayRequestWhileItTakes() {
    Taker taker = subscribe(Drops.OLDEST);
    taker.onNext = element -> taker.request(1);
    taker.request(1);
    input.next(1, 2, 3);
    assertThat(taker.taken).containsExactly(1, 2, 3);
  }

  @Test
  void cancelReachesTheInput() {
    Taker taker = subscribe(Drops.OLDEST);
    input.next(1, 2);
    taker.onNext = element -> taker.cancel();
    taker.request(2);
    assertThat(taker.taken).containsExactly(1);
    input.assertWasCancelled();
  }

  @Test
  void exceptionOfOnDropStopsTheRun() {
    var thrown = new IllegalStateException("thrown by onDrop");
    onDrop =
        element -> {
          throw thrown;
        };
    subscribe(Drops.NEWEST);
    input.next(1, 2, 3);
    assertThat(errors).containsExactly(thrown);
    input.assertWasCancelled();
  }
}
