package dev.millrace.stages.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

class ConcatFluxTest {

  private final List<Throwable> errors = new ArrayList<>();

  /** An input in the hands of the test. */
  private static final class Hand extends Flux<Object> implements Subscription {
    @SuppressWarnings("NullAway.Init") // by subscribe, which comes first
    CoreSubscriber<? super Object> to;

    Runnable onSubscribe = () -> {};
    Runnable onRequest = () -> {};
    long requested;
    boolean subscribed;
    boolean cancelled;

    @Override
    public void subscribe(CoreSubscriber<? super Object> actual) {
      subscribed = true;
      to = actual;
      onSubscribe.run();
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
  }

  /** A subscriber in the hands of the test. */
  private static final class Taker extends BaseSubscriber<Object> {
    final List<Object> taken = new ArrayList<>();
    final long first;
    boolean complete;

    Taker(long first) {
      this.first = first;
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
      if (first > 0) {
        request(first);
      }
    }

    @Override
    protected void hookOnNext(Object element) {
      taken.add(element);
    }

    @Override
    protected void hookOnComplete() {
      complete = true;
    }
  }

  private Taker concat(long first, Hand... inputs) {
    var taker = new Taker(first);
    Flux<Object> all = new ConcatFlux(List.of(inputs), errors::add);
    all.subscribe(taker);
    return taker;
  }

  @Test
  void nextInputGetsTheDemandThatIsLeft() {
    var one = new Hand();
    var two = new Hand();
    Taker taker = concat(3, one, two);
    assertThat(one.requested).isEqualTo(3);
    one.to.onNext("a");
    taker.request(4);
    assertThat(one.requested).isEqualTo(7);
    one.to.onNext("b");
    assertThat(two.subscribed).isFalse();
    one.to.onComplete();
    assertThat(two.requested).isEqualTo(5);
    two.to.onNext("c");
    assertThat(taker.complete).isFalse();
    two.to.onComplete();
    assertThat(taker.complete).isTrue();
    assertThat(taker.taken).containsExactly("a", "b", "c");
  }

  @Test
  void unboundedDemandStaysUnbounded() {
    var one = new Hand();
    var two = new Hand();
    concat(Long.MAX_VALUE, one, two);
    one.to.onNext("a");
    one.to.onComplete();
    assertThat(two.requested).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void demandThatComesBetweenTwoInputsIsKept() {
    var one = new Hand();
    var two = new Hand();
    Taker taker = concat(0, one, two);
    two.onSubscribe = () -> taker.request(2);
    one.to.onComplete();
    assertThat(two.requested).isEqualTo(2);
  }

  @Test
  void cancelReachesTheInputThatIsJustSubscribedTo() {
    var one = new Hand();
    var two = new Hand();
    Taker taker = concat(1, one, two);
    two.onSubscribe = taker::cancel;
    one.to.onComplete();
    assertThat(two.cancelled).isTrue();
    assertThat(two.requested).isZero();
    two.to.onComplete();
    assertThat(taker.complete).isFalse();
  }

  @Test
  void cancelWhileTheDemandIsHandedOverReachesTheInput() {
    var one = new Hand();
    var two = new Hand();
    Taker taker = concat(1, one, two);
    two.onRequest = taker::cancel;
    one.to.onComplete();
    assertThat(two.cancelled).isTrue();
  }

  @Test
  void noInputIsSubscribedToAfterACancel() {
    var one = new Hand();
    var two = new Hand();
    Taker taker = concat(1, one, two);
    taker.cancel();
    assertThat(one.cancelled).isTrue();
    one.to.onComplete();
    assertThat(two.subscribed).isFalse();
    assertThat(taker.complete).isFalse();
  }

  @Test
  void errorStopsTheRun() {
    var one = new Hand();
    concat(1, one);
    one.to.onError(new IllegalStateException("lost"));
    assertThat(errors).hasSize(1);
  }
}
