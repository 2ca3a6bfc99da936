package dev.millrace.stages.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.stages.internal.reactor.DroppingFlux.Drops;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongConsumer;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.test.publisher.TestPublisher;

/** One thread brings the last element and the end, while another one requests. */
public final class EndingBuffer implements LongConsumer {

  /** For the simulation. */
  public EndingBuffer() {}

  @Override
  public void accept(long seed) {
    Drops drops = seed % 2 == 0 ? Drops.OLDEST : Drops.NEWEST;
    List<Object> taken = new ArrayList<>();
    var complete = new CountDownLatch(1);
    var subscriber =
        new BaseSubscriber<Object>() {
          @Override
          protected void hookOnSubscribe(Subscription subscription) {}

          @Override
          protected void hookOnNext(Object element) {
            taken.add(element);
          }

          @Override
          protected void hookOnComplete() {
            complete.countDown();
          }
        };
    TestPublisher<Object> input = TestPublisher.create();
    new DroppingFlux(input.flux(), 2, drops, taken::add, AssertionError::new).subscribe(subscriber);
    Thread brings = Thread.startVirtualThread(() -> input.next(1, 2).complete());
    try {
      subscriber.request(1);
      subscriber.request(1);
      brings.join();
      complete.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertThat(taken).containsExactly(1, 2);
  }
}
