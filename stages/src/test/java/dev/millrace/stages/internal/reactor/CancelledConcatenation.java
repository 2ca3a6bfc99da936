package dev.millrace.stages.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

/** One thread cancels, while another one ends the first input. */
public final class CancelledConcatenation implements LongConsumer {

  private static final class Input extends Flux<Object> implements Subscription {
    private volatile @Nullable CoreSubscriber<? super Object> to;
    private volatile boolean cancelled;

    @Override
    public void subscribe(CoreSubscriber<? super Object> actual) {
      to = actual;
      actual.onSubscribe(this);
    }

    @Override
    public void request(long n) {}

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  private final Input one = new Input();
  private final Input two = new Input();

  /** For the simulation. */
  public CancelledConcatenation() {}

  @Override
  public void accept(long seed) {
    var subscriber = new BaseSubscriber<Object>() {};
    new ConcatFlux(List.of(one, two), AssertionError::new).subscribe(subscriber);
    CoreSubscriber<?> first = Objects.requireNonNull(one.to);
    Thread ends = Thread.startVirtualThread(first::onComplete);
    subscriber.cancel();
    try {
      ends.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertThat(two.to == null || two.cancelled).as("the second input is cancelled").isTrue();
  }
}
