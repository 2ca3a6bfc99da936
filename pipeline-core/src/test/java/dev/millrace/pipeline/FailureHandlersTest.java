package dev.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FailureHandlersTest {

  private final Threads threads = new Threads();
  private final IOException boom = new IOException("boom");
  private final List<Failure<?>> seen = new ArrayList<>();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  private Failure<String> failure(String element) {
    return Failure.of("parse", element, boom);
  }

  @Test
  void stopThrowsTheCause() throws Exception {
    assertThatThrownBy(() -> FailureHandlers.stop().accept(failure("x")))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("stage 'parse' failed on x")
        .hasCause(boom);
    FailureHandlers.ignore().accept(failure("x"));
  }

  @Test
  void channelThatIsFullHoldsTheRunUp() throws Exception {
    Channel<Failure<?>> channel = Channel.buffered(1);
    StageConsumer<Failure<?>> handler = FailureHandlers.send(channel);
    handler.accept(failure("1"));
    var running =
        threads.start(
            () -> {
              handler.accept(failure("2"));
              return true;
            });
    await().until(() -> channel.waitingSenders() == 1);
    assertThat(channel.receive().element()).isEqualTo("1");
    assertThat(running.get()).isTrue();
    assertThat(channel.receive().element()).isEqualTo("2");
    assertThat(channel.isClosed()).as("that is for its owner").isFalse();
  }

  @Test
  void cancelledRunDoesNotWaitForTheChannelButUsesItsRoom() throws Exception {
    Channel<Failure<?>> channel = Channel.buffered(1);
    StageConsumer<Failure<?>> handler = FailureHandlers.send(channel);
    try (var context = Context.background().withCancel()) {
      context.cancel();
      context.call(
          () -> {
            handler.accept(failure("1"));
            return true;
          });
      assertThat(channel.size()).isEqualTo(1);
      assertThatThrownBy(
              () ->
                  context.call(
                      () -> {
                        handler.accept(failure("2"));
                        return true;
                      }))
          .isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void channelThatIsClosedStopsTheRun() {
    Channel<Failure<?>> channel = Channel.buffered(1);
    channel.close();
    assertThatThrownBy(() -> FailureHandlers.send(channel).accept(failure("x")))
        .isInstanceOf(ChannelClosedException.class);
  }

  @Test
  void predicateChooses() throws Exception {
    List<Failure<?>> others = new ArrayList<>();
    StageConsumer<Failure<?>> handler =
        FailureHandlers.choose(failure -> "x".equals(failure.element()), seen::add, others::add);
    handler.accept(failure("x"));
    handler.accept(failure("y"));
    assertThat(seen).hasSize(1);
    assertThat(others).hasSize(1);
  }

  @Test
  void stopsAfterSoManyFailuresWhichTheNextHandlerHasAllSeen() throws Exception {
    StageConsumer<Failure<?>> handler = FailureHandlers.stopAfter(3, seen::add);
    handler.accept(failure("1"));
    handler.accept(failure("2"));
    assertThatThrownBy(() -> handler.accept(failure("3")))
        .isInstanceOf(ExecutionException.class)
        .hasMessageStartingWith("stopped after 3 failures; the last: stage 'parse'")
        .hasCause(boom);
    assertThat(seen).hasSize(3);
  }

  @Test
  void failuresThatAreFarApartDoNotAddUp() throws Exception {
    StageConsumer<Failure<?>> slow = FailureHandlers.stopAfter(2, Duration.ofNanos(1), seen::add);
    for (int i = 0; i < 100; i++) {
      long before = System.nanoTime();
      slow.accept(failure("x"));
      await().pollInterval(Duration.ofNanos(1)).until(() -> System.nanoTime() > before + 1);
    }
    StageConsumer<Failure<?>> fast = FailureHandlers.stopAfter(3, Duration.ofHours(1), seen::add);
    fast.accept(failure("1"));
    fast.accept(failure("2"));
    assertThatThrownBy(() -> fast.accept(failure("3"))).isInstanceOf(ExecutionException.class);
  }

  @Test
  void badSettingsAreRefused() {
    assertThatThrownBy(() -> FailureHandlers.stopAfter(0, seen::add))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the number of failures must be at least 1, but is 0");
    assertThatThrownBy(() -> FailureHandlers.stopAfter(1, Duration.ZERO, seen::add))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be positive");
  }
}
