package dev.millrace.kafka.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.kafka.StuckHandlerException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.junit.jupiter.api.Test;

/** The end of the loop over a share group: drained, cancelled, or failed. */
class ShareEndTest extends WithShareLoop {

  @Test
  void drainFinishesWhatRunsAndReleasesWhatWaitsAtOnce() throws Exception {
    consumer.add("one", "two", "three");
    var loop = builder().concurrency(1).handler(this::handleSlowly).build();
    Future<?> run = start(loop);
    await().until(() -> inHandlers.get() == 1);
    Thread drain = Thread.ofVirtual().start(() -> drain(loop));
    await().until(() -> consumer.answers().size() == 2);
    assertThat(drain.isAlive()).isTrue();
    open.countDown();
    assertThat(run.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(handled).containsExactly("one");
    assertThat(consumer.answers()).containsExactly("RELEASE@1", "RELEASE@2", "ACCEPT@0");
    assertThat(consumer.isClosed()).isTrue();
  }

  private static void drain(ShareLoop<?, ?> loop) {
    try {
      loop.drain(LONG);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aHandlerThatIgnoresItsInterruptIsLeftBehind() throws Exception {
    consumer.add("hangs");
    var loop = builder().handler(this::hang).build();
    Future<?> run = start(loop);
    await().until(() -> inHandlers.get() == 1);
    loop.drain(Duration.ofMillis(50)); // returns although the handler never ends
    assertThat(run.get()).isEqualTo("ended");
    assertThat(errors)
        .anySatisfy(
            one ->
                assertThat(one)
                    .isInstanceOf(StuckHandlerException.class)
                    .hasMessageContaining("orders-0 at offset 0"));
    assertThat(consumer.answers()).isEmpty();
    assertThat(consumer.isClosed()).isTrue();
  }

  private void hang(ConsumerRecord<String, String> record) {
    inHandlers.incrementAndGet();
    boolean again = true;
    while (again) {
      try {
        open.await();
        again = false;
      } catch (InterruptedException e) {
        again = true; // this is the defect of the application
      }
    }
  }

  @Test
  void aHandlerMayDrainItsLoop() throws Exception {
    consumer.add("one");
    var self = new CountDownLatch(1);
    var loops = new ConcurrentLinkedQueue<ShareLoop<String, String>>();
    var loop =
        builder()
            .handler(
                record -> {
                  self.await();
                  loops.element().drain(LONG);
                })
            .build();
    loops.add(loop);
    self.countDown();
    loop.run(context);
    assertThat(consumer.end(0)).isEqualTo(AcknowledgeType.ACCEPT);
  }

  @Test
  void aCancelledContextEndsTheLoopAtOnce() throws Exception {
    consumer.add("one");
    var loop = builder().handler(this::handleSlowly).build();
    Future<?> run = start(loop);
    await().until(() -> inHandlers.get() == 1);
    context.cancel();
    assertThatThrownBy(() -> run.get(50, TimeUnit.SECONDS))
        .hasCauseInstanceOf(CancellationException.class);
    assertThat(consumer.answers()).isEmpty();
  }

  @Test
  void aFailureOfTheConsumerEndsTheLoop() {
    consumer.fail(new GroupAuthorizationException("test"));
    var loop = builder().handler(this::handle).build();
    assertThatThrownBy(() -> loop.run(context))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(GroupAuthorizationException.class);
    assertThat(consumer.isClosed()).isTrue();
  }
}
