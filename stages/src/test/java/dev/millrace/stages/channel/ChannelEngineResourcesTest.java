package dev.millrace.stages.channel;

import static dev.millrace.stages.channel.Pipes.LONG;
import static dev.millrace.stages.channel.Pipes.await;
import static dev.millrace.stages.channel.Pipes.endless;
import static dev.millrace.stages.channel.Pipes.failsOn;
import static dev.millrace.stages.channel.Pipes.pipe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Opened resources are closed. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineResourcesTest {

  private final Observed observed = new Observed();

  @Test
  void whatTheRunOpensItClosesOnceHoweverItEnds() throws Exception {
    for (int end = 0; end < 4; end++) {
      var opened = new AtomicInteger();
      var closed = new AtomicInteger();
      var reached = new CountDownLatch(1);
      Source<Integer> source =
          context -> {
            opened.incrementAndGet();
            return new Source.Cursor<>() {
              private int n;

              @Override
              public Integer next() {
                return n++;
              }

              @Override
              public void close() {
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                closed.incrementAndGet();
              }
            };
          };
      int fails = end == 1 ? 50 : -1;
      Pipe<Integer> pipe =
          Pipe.from(source)
              .map("fails", failsOn(fails))
              .buffer("apart", 2)
              .tee(
                  "reached",
                  n -> {
                    if (n == 40) {
                      reached.countDown();
                    }
                  });
      var run = observed.start((end == 0 ? pipe.take("hundred", 100) : pipe).to(Sink.count()));
      if (end == 2) {
        await(reached);
        run.cancel(new IllegalStateException("enough"));
      } else if (end == 3) {
        await(reached);
        run.drain(LONG);
      }
      if (end == 0 || end == 3) {
        observed.join(run);
      } else {
        observed.failure(run);
      }
      assertThat(opened).hasValue(1);
      assertThat(closed).hasValue(1);
    }
  }

  @Test
  void aCloseIsNotInterruptedHoweverOftenTheRunIsCancelled() throws Exception {
    var opened = new CountDownLatch(1);
    var closing = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    Source<Integer> source =
        context ->
            new Source.Cursor<>() {
              @Override
              public Integer next() {
                opened.countDown();
                return 1;
              }

              @Override
              public void close() throws InterruptedException {
                closing.countDown();
                await(go);
              }
            };
    var run = observed.start(Pipe.from(source).to(Sink.count()));
    await(opened);
    run.cancel(new IllegalStateException("enough"));
    await(closing);
    run.cancel(new IllegalStateException("again"));
    go.countDown();
    assertThat(observed.failure(run)).hasRootCauseMessage("enough").hasNoSuppressedExceptions();
  }

  @Test
  void aChannelSinkTellsItsReceiverWhyTheRunEnded() throws Exception {
    Channel<Integer> channel = Channel.buffered(200);
    var run = observed.start(pipe(100).map("fails", failsOn(3)).to(Sink.channel(channel)));
    observed.failure(run);
    assertThat(channel.receive()).isEqualTo(0);
    assertThat(channel.receive()).isEqualTo(1);
    assertThat(channel.receive()).isEqualTo(2);
    assertThatThrownBy(channel::receive)
        .isInstanceOf(ChannelClosedException.class)
        .hasRootCauseMessage("no 3");
  }

  @Test
  void aFunctionThatCatchesEverythingDoesNotKeepAStageAlive() throws Exception {
    var run =
        observed.start(
            endless()
                .<Integer>via(
                    "catches",
                    () ->
                        (element, out) -> {
                          for (int i = 0; i < 10; i++) {
                            try {
                              out.emit(i);
                            } catch (Throwable e) {
                              // the source should let the interrupt pass
                            }
                          }
                          return dev.millrace.pipeline.transform.Transform.Outcome.USED;
                        })
                .take("fifteen", 15)
                .to(Sink.count()));
    assertThat(observed.join(run)).isEqualTo(15);
  }
}
