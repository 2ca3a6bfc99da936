package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A run can be stopped although its own functions keep all carriers busy. Pairs of threads that
 * wake each other keep the carriers' own queues full. The scheduler serves these queues first,
 * before threads that were started or woken elsewhere.
 */
abstract class StarvationConformance extends Theme {

  private static final int PAIRS = 2 * Runtime.getRuntime().availableProcessors();
  private static final Duration SOON = Duration.ofMillis(300);

  private final List<Channel<Integer>> channels = new ArrayList<>();
  private final CountDownLatch busy = new CountDownLatch(1);

  /** Ends the functions of a run that was not stopped. */
  @AfterEach
  void endOfThePairs() {
    channels.forEach(Channel::close);
  }

  private Trial<Long> startBusy(Context context) {
    for (int i = 0; i < PAIRS; i++) {
      channels.add(Channel.rendezvous());
    }
    return start(
        Pipe.from(Source.of(IntStream.range(0, 2 * PAIRS).boxed().toList()))
            .mapParallel("exchange", 2 * PAIRS, this::exchange)
            .to(Sink.count()),
        context,
        failure -> {});
  }

  private int exchange(int number) throws InterruptedException {
    Channel<Integer> channel = channels.get(number / 2);
    for (int turn = 0; ; turn++) {
      if (number % 2 == 0) {
        channel.send(turn);
      } else {
        channel.receive();
      }
      if (turn == 10_000) {
        busy.countDown();
      }
    }
  }

  @Test
  void deadlineStopsARunThatKeepsAllCarriersBusy() {
    try (var context = Context.background().withTimeout(SOON)) {
      var ended = startBusy(context).end();
      assertThat(ended.cancelled()).isInstanceOf(DeadlineExceededException.class);
    }
  }

  @Test
  void cancelStopsARunThatKeepsAllCarriersBusy() {
    var trial = startBusy(Context.background());
    await(busy);
    var cause = new IOException("cancelled by the test");
    trial.run().cancel(cause);
    assertThat(trial.end().cancelled()).isSameAs(cause);
  }

  @Test
  void drainStopsARunThatKeepsAllCarriersBusy() {
    var trial = startBusy(Context.background());
    await(busy);
    trial.run().drain(SOON);
    assertThat(trial.end().cancelled()).isInstanceOf(TimeoutException.class);
  }
}
