package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChannelsTest {

  private final Threads threads = new Threads();

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  private static Channel<Integer> holding(int count) {
    Channel<Integer> channel = Channel.unlimited();
    IntStream.range(0, count).forEach(channel::trySend);
    return channel;
  }

  // To a list and a stream

  @Test
  void listHasAllElementsUpToTheClose() throws Exception {
    Channel<Integer> channel = holding(3);
    channel.close();
    assertThat(Channels.toList(channel, Context.background())).containsExactly(0, 1, 2);
  }

  @Test
  void causeOfTheCloseIsThrown() {
    Channel<Integer> channel = holding(3);
    channel.close(new IOException("cut"));
    assertThatThrownBy(() -> Channels.toList(channel, Context.background()))
        .isInstanceOf(ChannelClosedException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void cancelledDrainHasLostNothing() throws Exception {
    Channel<Integer> channel = holding(3);
    List<Integer> target = new ArrayList<>();
    try (var context = Context.background().withCancel()) {
      var draining =
          threads.start(
              () -> {
                Channels.drainTo(channel, target, context);
                return true;
              });
      await().until(() -> channel.waitingReceivers() == 1);
      context.cancel();
      assertThatThrownBy(draining::get).hasCauseInstanceOf(CancellationException.class);
      assertThat(target).containsExactly(0, 1, 2);
      assertThat(channel.waitingReceivers()).isZero();
    }
  }

  @Test
  void interruptedDrainHasLostNothing() throws Exception {
    Channel<Integer> channel = holding(3);
    List<Integer> target = new ArrayList<>();
    var draining =
        threads.start(
            () -> {
              Channels.drainTo(channel, target, Context.background());
              return true;
            });
    await().until(() -> channel.waitingReceivers() == 1);
    draining.thread().interrupt();
    assertThatThrownBy(draining::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(target).containsExactly(0, 1, 2);
  }

  @Test
  void streamTakesOnlyWhatItIsAskedFor() {
    Channel<Integer> channel = holding(10);
    try (var stream = Channels.stream(channel)) {
      assertThat(stream.parallel().limit(4)).containsExactly(0, 1, 2, 3);
    }
    assertThat(channel.size()).isEqualTo(6);
    channel.close();
    assertThat(Channels.stream(channel).mapToInt(i -> i).sum()).isEqualTo(4 + 5 + 6 + 7 + 8 + 9);
  }

  @Test
  void streamThrowsTheCauseOfTheClose() {
    Channel<Integer> channel = holding(1);
    channel.close(new IOException("cut"));
    assertThatThrownBy(() -> Channels.stream(channel).toList())
        .isInstanceOf(ChannelClosedException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void interruptedStreamIsCancelled() throws Exception {
    Channel<Integer> channel = holding(0);
    var reading = threads.start(() -> Channels.stream(channel).findFirst());
    await().until(() -> channel.waitingReceivers() == 1);
    reading.thread().interrupt();
    assertThatThrownBy(reading::get).hasCauseInstanceOf(CancellationException.class);
    assertThat(channel.waitingReceivers()).isZero();
  }

  // From futures

  @Test
  void valueOfAFutureIsTheOnlyElement() throws Exception {
    var future = new CompletableFuture<String>();
    ReceiveChannel<String> channel = Channels.from(future);
    assertThat(channel.tryReceive()).isNull();
    future.complete("a");
    assertThat(channel).containsExactly("a");
    assertThat(Channels.from(CompletableFuture.completedFuture("b"))).containsExactly("b");
  }

  @Test
  void failureOfAFutureIsTheCauseOfTheClose() {
    var failure = new IOException("failed");
    var future = new CompletableFuture<String>();
    ReceiveChannel<String> direct = Channels.from(future);
    ReceiveChannel<String> derived = Channels.from(future.thenApply(x -> x));
    future.completeExceptionally(failure);
    assertThat(direct.closeCause()).isSameAs(failure);
    assertThat(derived.closeCause()).isSameAs(failure);
    var cancelled = new CompletableFuture<String>();
    ReceiveChannel<String> channel = Channels.from(cancelled);
    cancelled.cancel(false);
    assertThatThrownBy(channel::receive).hasCauseInstanceOf(CancellationException.class);
  }

  @Test
  @SuppressWarnings("NullAway") // passes null on purpose
  void nullOfAFutureIsAFailure() {
    ReceiveChannel<String> channel = Channels.from(CompletableFuture.completedFuture(null));
    assertThatThrownBy(channel::receive)
        .isInstanceOf(ChannelClosedException.class)
        .hasCauseInstanceOf(NullPointerException.class)
        .hasRootCauseMessage("a future has completed with null: no element");
  }

  @Test
  void valuesComeInTheOrderInWhichTheyComplete() throws Exception {
    var futures = List.of(future(), future(), future());
    ReceiveChannel<Integer> channel = Channels.asCompleted(futures);
    futures.get(2).complete(2);
    assertThat(channel.receive()).isEqualTo(2);
    futures.get(0).complete(0);
    futures.get(1).complete(1);
    assertThat(channel).containsExactly(0, 1);
    assertThat(channel.isClosed()).isTrue();
    assertThat(Channels.asCompleted(List.<CompletionStage<Integer>>of())).isEmpty();
  }

  @Test
  void firstFutureThatFailsClosesTheChannelBehindTheValues() throws Exception {
    var failure = new IOException("failed");
    var futures = List.of(future(), future(), future(), future());
    ReceiveChannel<Integer> channel = Channels.asCompleted(futures);
    futures.get(3).complete(3);
    futures.get(1).completeExceptionally(failure);
    futures.get(0).complete(0);
    futures.get(2).completeExceptionally(new IOException("second"));
    assertThat(channel.receive()).isEqualTo(3);
    assertThatThrownBy(channel::receive).hasCause(failure);
    assertThat(futures.get(0).join()).isEqualTo(0);
  }

  @Test
  void futuresThatCompleteInManyThreadsAllArrive() throws Exception {
    List<CompletableFuture<Integer>> futures = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      int n = i;
      futures.add(CompletableFuture.supplyAsync(() -> n));
    }
    assertThat(Channels.toList(Channels.asCompleted(futures), Context.background()))
        .hasSize(1000)
        .doesNotHaveDuplicates();
  }

  private static CompletableFuture<Integer> future() {
    return new CompletableFuture<>();
  }
}
