package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.kafka.ConsumerObserver;
import dev.millrace.kafka.Health.State;
import dev.millrace.kafka.Loop;
import dev.millrace.kafka.LoopEvent;
import dev.millrace.kafka.Notification;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.StuckHandlerException;
import dev.millrace.kafka.builder.LoopBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The end of a loop on any face, whatever handlers do, and the calls that are allowed from inside.
 */
public abstract class EndPromises extends WithMockConsumer {

  private static final Duration DRAIN = Duration.ofMillis(300);
  private static final Duration CLOSE = Duration.ofSeconds(3);

  private static final int PARTITIONS = 8;
  private static final int PAIRS = 2 * Runtime.getRuntime().availableProcessors();

  /** Releases handlers that ignore their interrupt. */
  private final CountDownLatch release = new CountDownLatch(1);

  private final CountDownLatch begun = new CountDownLatch(1);

  /** The builder of a loop of this face with the handler, which may block. */
  protected abstract LoopBuilder<String, String, ?> loop(RecordHandler<String, String> handler);

  /** Whether several handlers can block at the same time. */
  protected boolean blocksInSeveralThreads() {
    return true;
  }

  @AfterEach
  void letGo() {
    release.countDown();
  }

  private void ignoreInterrupts() {
    begun.countDown();
    boolean done = false;
    while (!done) {
      try {
        release.await();
        done = true;
      } catch (InterruptedException e) { // a handler that ignores its interrupt
      }
    }
  }

  private LoopBuilder<String, String, ?> stubborn() {
    LoopBuilder<String, String, ?> builder = loop(record -> ignoreInterrupts());
    builder.closeTimeout(CLOSE);
    return builder;
  }

  private void assertThatItIsTold(Loop loop) {
    assertThat(errors)
        .filteredOn(StuckHandlerException.class::isInstance)
        .singleElement()
        .satisfies(
            told -> {
              assertThat(told)
                  .hasMessageContaining("orders-0 at offset 0")
                  .hasMessageContaining("ignoreInterrupts");
              assertThat(told.getStackTrace())
                  .anyMatch(frame -> frame.getMethodName().equals("ignoreInterrupts"));
            });
    assertThat(loop.status().recent())
        .anyMatch(
            event ->
                event instanceof LoopEvent.Failed failed
                    && failed.failure() instanceof StuckHandlerException);
  }

  @Test
  void drainEndsByItsTimeoutAndTheCloseTimeoutWhateverHandlersDo() throws Exception {
    Loop loop = stubborn().build();
    assign(1, P0);
    var running = start(loop, Context.background());
    begun.await();
    long from = System.nanoTime();
    loop.drain(DRAIN);
    assertThat(Duration.ofNanos(System.nanoTime() - from))
        .isLessThan(DRAIN.plus(CLOSE).plusSeconds(20)); // 20 s for a busy machine
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(mock.closed()).isTrue(); // so it has left its group
    assertThat(loop.health().state()).isEqualTo(State.STOPPED);
    assertThatItIsTold(loop);
  }

  @Test
  void cancelledContextEndsByTheCloseTimeoutWhateverHandlersDo() throws Exception {
    Loop loop = stubborn().build();
    assign(1, P0);
    try (var context = Context.background().withCancel()) {
      var running = start(loop, context);
      begun.await();
      context.cancel();
      assertThatThrownBy(() -> running.get(CLOSE.toSeconds() + 20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(CancellationException.class);
    }
    assertThat(mock.closed()).isTrue();
    assertThatItIsTold(loop);
  }

  @Test
  void failureOfTheLastCommitIsTold() throws Exception {
    LoopBuilder<String, String, ?> builder = loop(record -> begun.countDown());
    builder.commitInterval(Duration.ofHours(1)); // so that the end commits
    Loop loop = builder.build();
    assign(1, P0);
    var running = start(loop, Context.background());
    begun.await();
    var failure = new GroupAuthorizationException("test");
    commitFailure = failure;
    loop.drain(CLOSE);
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(errors).contains(failure);
  }

  /** The listener is busy while partitions come and go and the drain begins. */
  @Test
  void notificationsThatWaitForTheListenerAtTheEndAreTold() throws Exception {
    List<Notification> told = new CopyOnWriteArrayList<>();
    LoopBuilder<String, String, ?> builder = loop(record -> {});
    builder.onNotification(
        change -> {
          told.add(change);
          begun.countDown();
          ignoreInterrupts();
        });
    Loop loop = builder.build();
    assign(0, P0);
    var running = start(loop, Context.background());
    begun.await();
    var rebalanced = new CountDownLatch(8);
    for (int i = 0; i < 8; i++) {
      List<TopicPartition> next = i % 2 == 0 ? List.of(P0, P1) : List.of(P0);
      mock.schedulePollTask(
          () -> {
            mock.updateBeginningOffsets(Map.of(P1, 0L));
            mock.rebalance(next);
            rebalanced.countDown();
          });
    }
    rebalanced.await();
    int before = told.size();
    var drained =
        new FutureTask<>(
            () -> {
              loop.drain(CLOSE);
              return "drained";
            });
    Thread.ofVirtual().start(drained);
    await().until(() -> loop.health().state() == State.CLOSING);
    release.countDown();
    assertThat(drained.get(50, TimeUnit.SECONDS)).isEqualTo("drained");
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(told).hasSizeGreaterThanOrEqualTo(before + 8);
  }

  /**
   * Handlers that wake each other keep the carriers' own queues full until they are interrupted.
   */
  private LoopBuilder<String, String, ?> busy() {
    List<Channel<Integer>> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.add(Channel.rendezvous());
    }
    LoopBuilder<String, String, ?> builder =
        loop(
            record -> {
              Channel<Integer> pair = pairs.get((int) record.offset() / 2);
              for (int turn = 0; ; turn++) {
                if (record.offset() % 2 == 0) {
                  pair.send(turn);
                } else {
                  pair.receive();
                }
                if (turn == 10_000) {
                  begun.countDown();
                }
              }
            });
    builder.concurrency(2 * PAIRS).ordering(Ordering.UNORDERED).closeTimeout(CLOSE);
    return builder;
  }

  @Test
  void cancelledContextEndsALoopWhoseHandlersKeepAllCarriersBusy() throws Exception {
    assumeTrue(blocksInSeveralThreads());
    Loop loop = busy().build();
    assign(2 * PAIRS, P0);
    try (var context = Context.background().withCancel()) {
      var running = start(loop, context);
      begun.await();
      context.cancel();
      assertThatThrownBy(() -> running.get(30, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(CancellationException.class);
    }
    assertThat(mock.closed()).isTrue();
  }

  @Test
  void drainEndsALoopWhoseHandlersKeepAllCarriersBusy() throws Exception {
    assumeTrue(blocksInSeveralThreads());
    Loop loop = busy().build();
    assign(2 * PAIRS, P0);
    var running = start(loop, Context.background());
    begun.await();
    loop.drain(DRAIN);
    assertThat(running.get(30, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(mock.closed()).isTrue();
  }

  @Test
  void rebalanceThatWaitsForAHandlerDoesNotHoldUpTheEnd() throws Exception {
    LoopBuilder<String, String, ?> builder = stubborn();
    builder.revokeTimeout(Duration.ofMinutes(1));
    Loop loop = builder.build();
    assign(1, P0);
    var running = start(loop, Context.background());
    begun.await();
    var revoking = new CountDownLatch(1);
    mock.schedulePollTask(
        () -> {
          revoking.countDown();
          mock.rebalance(Set.of());
        });
    revoking.await();
    loop.drain(DRAIN);
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(mock.closed()).isTrue();
  }

  @Test
  void refusedRightToAskWhereAPartitionBeginsDoesNotEndALoopThatAwaitsRights() throws Exception {
    lookupFailure = new GroupAuthorizationException("test");
    LoopBuilder<String, String, ?> builder = loop(record -> {});
    Loop loop = builder.awaitRights(Duration.ofHours(1)).build();
    assign(3, P0);
    var running = start(loop, Context.background());
    await().until(() -> errors.size() == 1 && lookups.size() > 2); // told once, asked again
    assertThat(errors.getFirst()).isInstanceOf(GroupAuthorizationException.class);
    lookupFailure = null;
    mock.schedulePollTask(() -> add(P0, 0, 3));
    await().until(() -> Long.valueOf(3).equals(lastCommits.get(P0)));
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  private static TopicPartition[] partitions() {
    return IntStream.range(0, PARTITIONS)
        .mapToObj(i -> new TopicPartition("orders", i))
        .toArray(TopicPartition[]::new);
  }

  @Test
  void questionsWithoutAnAnswerDoNotHoldUpTheEnd() throws Exception {
    isDown = true;
    LoopBuilder<String, String, ?> builder = loop(record -> {});
    Loop loop = builder.closeTimeout(CLOSE).build();
    assign(1, partitions());
    var running = start(loop, Context.background());
    await().until(() -> !lookups.isEmpty());
    loop.drain(DRAIN);
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(mock.closed()).isTrue();
  }

  @Test
  void questionsWithoutAnAnswerDoNotHoldUpPollsAndEachPartitionIsAskedFor() throws Exception {
    isDown = true;
    LoopBuilder<String, String, ?> builder = loop(record -> {});
    Loop loop = builder.closeTimeout(CLOSE).build();
    assign(1, partitions());
    var running = start(loop, Context.background());
    await().until(() -> !lookups.isEmpty());
    var asked = new CompletableFuture<Integer>();
    mock.schedulePollTask(() -> asked.complete(lookups.size()));
    assertThat(asked.get(50, TimeUnit.SECONDS)).isLessThan(PARTITIONS / 2);
    await().until(() -> lookedUp.size() == PARTITIONS);
    isDown = false;
    await().until(() -> lastCommits.size() == PARTITIONS);
    loop.drain(DRAIN);
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  @Test
  void drainFromAHandlerBeginsTheDrainAndReturnsAtOnce() throws Exception {
    var itself = new AtomicReference<Loop>();
    var returned = new CountDownLatch(1);
    Loop loop =
        loop(record -> {
              itself.get().drain(Duration.ofSeconds(30));
              returned.countDown();
            })
            .build();
    itself.set(loop);
    assign(1, P0);
    var running = start(loop, Context.background());
    assertThat(returned.await(50, TimeUnit.SECONDS)).isTrue();
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
    assertThat(lastCommits).containsEntry(P0, 1L); // the handler has not failed
  }

  @Test
  void seekPauseResumeAndRunFromAHandlerReturnOrAreRefusedAtOnce() throws Exception {
    var itself = new AtomicReference<Loop>();
    var refused = new AtomicReference<Throwable>();
    var again = new CountDownLatch(2);
    Loop loop =
        loop(record -> {
              Loop me = itself.get();
              me.pause(Set.of(P1));
              me.resume(Set.of(P1));
              try {
                me.run(Context.background());
              } catch (IllegalStateException e) {
                refused.set(e);
              }
              again.countDown();
              if (again.getCount() > 0) {
                seek(me, 0);
              }
            })
            .build();
    itself.set(loop);
    assign(1, P0);
    var running = start(loop, Context.background());
    await().until(() -> again.getCount() == 1 && position() == 0);
    mock.schedulePollTask(() -> add(P0, 0, 1)); // the record is fetched again after the seek
    assertThat(again.await(50, TimeUnit.SECONDS)).isTrue();
    assertThat(refused.get()).hasMessageContaining("once");
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
  }

  private long position() {
    synchronized (mock) {
      return mock.position(P0);
    }
  }

  /** Seeks to the offset of the first partition. */
  protected abstract void seek(Loop loop, long offset) throws InterruptedException;

  @ParameterizedTest
  @ValueSource(strings = {"onError", "onNotification", "observer"})
  void drainFromAListenerBeginsTheDrainAndReturnsAtOnce(String listener) throws Exception {
    var itself = new AtomicReference<Loop>();
    var returned = new CountDownLatch(1);
    LoopBuilder<String, String, ?> builder = loop(record -> {});
    switch (listener) {
      case "onError" -> builder.onError(e -> drain(itself.get(), returned));
      case "onNotification" -> builder.onNotification(e -> drain(itself.get(), returned));
      default ->
          builder.observer(
              new ConsumerObserver() {
                @Override
                public void rebalanced(String group, Notification change) {
                  drain(itself.get(), returned);
                }
              });
    }
    Loop loop = builder.build();
    itself.set(loop);
    FutureTask<String> running = start(loop, Context.background());
    if (listener.equals("onError")) {
      mock.schedulePollTask(
          () -> {
            throw new TimeoutException("for a moment");
          });
    } else {
      assign(0, P0);
    }
    assertThat(returned.await(50, TimeUnit.SECONDS)).isTrue();
    assertThat(running.get(50, TimeUnit.SECONDS)).isEqualTo("ended");
  }

  private static void drain(Loop loop, CountDownLatch returned) {
    try {
      loop.drain(Duration.ofSeconds(30));
      returned.countDown();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
