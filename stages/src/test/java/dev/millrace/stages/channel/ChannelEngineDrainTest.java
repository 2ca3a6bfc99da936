package dev.millrace.stages.channel;

import static dev.millrace.stages.channel.Pipes.LONG;
import static dev.millrace.stages.channel.Pipes.await;
import static dev.millrace.stages.channel.Pipes.endless;
import static dev.millrace.stages.channel.Pipes.failsOn;
import static dev.millrace.stages.channel.Pipes.never;
import static dev.millrace.stages.channel.Pipes.pipe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of drained runs. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChannelEngineDrainTest {

  private final Observed observed = new Observed();

  @Test
  void aDrainStopsTheSourceAndLetsTheRestFinish() throws Exception {
    var made = new AtomicInteger();
    var run =
        observed.start(
            Pipe.from(Source.generate(made::incrementAndGet))
                .buffer("apart", 100)
                .mapParallel("parallel", 3, observed.seen(n -> n))
                .batch("tens", 10)
                .map("size", List::size)
                .to(Sink.fold(() -> 0, Integer::sum)));
    Awaitility.await().until(() -> run.report().stage("sink").received() > 10);
    run.drain(LONG);
    assertThat(observed.join(run)).isEqualTo(made.get());
    assertThat(run.report().stages())
        .allMatch(stage -> stage.unprocessed() == 0 && stage.undelivered() == 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDrainInterruptsASourceThatBlocks(boolean opening) throws Exception {
    var reached = new CountDownLatch(1);
    Source<Integer> source =
        context -> {
          if (opening) {
            observed.see();
            reached.countDown();
            never();
          }
          return () -> {
            reached.countDown();
            return never();
          };
        };
    var run =
        observed.start(
            Pipe.merge("both", List.of(pipe(3), Pipe.from("silent", source))).to(Sink.count()));
    await(reached);
    run.drain(LONG);
    assertThat(observed.join(run)).isEqualTo(3);
  }

  @Test
  void aDrainDoesNotInterruptTheFunctions() throws Exception {
    var reached = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var interrupted = new AtomicInteger();
    var run =
        observed.start(
            endless()
                .tee(
                    "fused",
                    n -> {
                      reached.countDown();
                      try {
                        await(go);
                      } catch (InterruptedException e) {
                        interrupted.incrementAndGet();
                      }
                    })
                .to(Sink.count()));
    await(reached);
    run.drain(LONG);
    Awaitility.await()
        .pollDelay(Duration.ofMillis(20))
        .until(() -> run.report().stage("fused").inFlight() == 1);
    go.countDown();
    assertThat(observed.join(run)).isEqualTo(1);
    assertThat(interrupted).hasValue(0);
  }

  @Test
  void theInterruptOfADrainIsForTheSourceOnly() throws Exception {
    var reached = new CountDownLatch(1);
    Source<Integer> source =
        context ->
            () -> {
              try {
                reached.countDown();
                return never();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return 1;
              }
            };
    var run = observed.start(Pipe.from(source).tee("sleep", n -> Thread.sleep(1)).to(Sink.count()));
    await(reached);
    run.drain(LONG);
    assertThat(observed.join(run)).isEqualTo(1);
    assertThat(run.report().stage("sleep").processed()).isEqualTo(1);
  }

  @Test
  void aDrainFromAChannelLosesNoElement() throws Exception {
    for (int i = 0; i < 100; i++) {
      Channel<Integer> channel = Channel.buffered(4);
      var sent = new AtomicInteger();
      Thread sender =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        channel.send(1);
                        sent.incrementAndGet();
                      }
                    } catch (InterruptedException e) {
                      // the test is over
                    }
                  });
      var run = observed.start(Pipe.from(Source.channel(channel)).to(Sink.<Integer>count()));
      Awaitility.await().pollInterval(Duration.ofMillis(1)).until(() -> sent.get() > 100);
      run.drain(LONG);
      long received = observed.join(run);
      sender.interrupt();
      sender.join();
      assertThat(received + channel.size()).isEqualTo(sent.get());
    }
  }

  @Test
  void aDrainThatTakesTooLongIsACancellation() throws Exception {
    var reached = new CountDownLatch(1);
    var run =
        observed.start(
            endless()
                .map(
                    "wait",
                    observed.seen(
                        n -> {
                          reached.countDown();
                          return never();
                        }))
                .to(Sink.count()));
    await(reached);
    run.drain(Duration.ofMillis(20));
    assertThat(observed.failure(run)).hasCauseInstanceOf(TimeoutException.class);
  }

  @Test
  void aFailureWhileDrainingStopsTheRun() throws Exception {
    var reached = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var run =
        observed.start(
            endless()
                .tee(
                    "wait",
                    n -> {
                      reached.countDown();
                      await(go);
                    })
                .map("fails", failsOn(0))
                .to(Sink.count()));
    await(reached);
    run.drain(LONG);
    go.countDown();
    assertThat(observed.failure(run))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("no 0");
  }
}
