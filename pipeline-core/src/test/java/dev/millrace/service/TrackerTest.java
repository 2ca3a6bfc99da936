package dev.millrace.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.channel.Threads;
import dev.millrace.context.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A tracker writes every event, or says what became of it. */
@Timeout(60)
class TrackerTest {

  private final Threads threads = new Threads();
  private final List<Integer> written = new CopyOnWriteArrayList<>();
  private final CountDownLatch writing = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  @AfterEach
  void noThreadIsLeft() throws InterruptedException {
    threads.close();
  }

  /** Waits with the first batch until it may go on. */
  private void writeSlowly(List<Integer> batch) throws InterruptedException {
    writing.countDown();
    go.await();
    written.addAll(batch);
  }

  @Test
  void writesAllEventsInOrderBeforeTheShutdownReturns() throws Exception {
    var tracker = Tracker.open(Channel.<Integer>buffered(2), 3, written::addAll);
    for (int i = 0; i < 1_000; i++) {
      tracker.event(i, Context.background());
    }
    TrackerReport report = tracker.shutdown(Context.background());
    assertThat(written).containsExactlyElementsOf(IntStream.range(0, 1_000).boxed().toList());
    assertThat(report).isEqualTo(new TrackerReport(1_000, 0, 0, 0));
    assertThat(report.isComplete()).isTrue();
  }

  @Test
  void writerGetsWhatWaitsInBatches() throws Exception {
    List<Integer> sizes = new CopyOnWriteArrayList<>();
    try (var tracker =
        Tracker.open(
            Channel.<Integer>buffered(10),
            4,
            batch -> {
              sizes.add(batch.size());
              writeSlowly(batch);
            })) {
      tracker.event(0, Context.background());
      writing.await();
      for (int i = 1; i <= 10; i++) {
        tracker.event(i, Context.background());
      }
      go.countDown();
    }
    assertThat(sizes).containsExactly(1, 4, 4, 2);
    assertThat(written).hasSize(11);
  }

  @Test
  void fullTrackerLetsCallersWaitUntilTheirContextEnds() throws Exception {
    var tracker = Tracker.open(Channel.<Integer>buffered(1), 1, this::writeSlowly);
    tracker.event(0, Context.background());
    writing.await();
    tracker.event(1, Context.background());
    assertThat(tracker.tryEvent(2)).isFalse();
    try (var context = Context.background().withTimeout(Duration.ofMillis(10))) {
      assertThatThrownBy(() -> tracker.event(3, context)).isInstanceOf(CancellationException.class);
    }
    go.countDown();
    assertThat(tracker.shutdown(Context.background())).isEqualTo(new TrackerReport(2, 0, 0, 0));
    assertThat(written).containsExactly(0, 1);
  }

  @Test
  void droppedEventsAreCounted() throws Exception {
    var tracker = Tracker.open(Channel.<Integer>dropOldest(2), 1, this::writeSlowly);
    tracker.event(0, Context.background());
    writing.await();
    for (int i = 1; i <= 5; i++) {
      tracker.event(i, Context.background());
    }
    assertThat(tracker.report()).isEqualTo(new TrackerReport(0, 0, 3, 3));
    go.countDown();
    assertThat(tracker.shutdown(Context.background())).isEqualTo(new TrackerReport(3, 0, 3, 0));
    assertThat(written).containsExactly(0, 4, 5);
  }

  @Test
  void shutdownReturnsAtItsDeadlineAndSaysWhatItDropped() throws Exception {
    var interrupted = new CountDownLatch(1);
    var tracker =
        Tracker.open(
            Channel.<Integer>buffered(10),
            2,
            batch -> {
              try {
                writeSlowly(batch);
              } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
              }
            });
    for (int i = 0; i < 7; i++) {
      tracker.event(i, Context.background());
    }
    writing.await();
    try (var context = Context.background().withTimeout(Duration.ofMillis(20))) {
      TrackerReport report = tracker.shutdown(context);
      assertThat(report).isEqualTo(new TrackerReport(0, 0, 0, 7));
      assertThat(report.isComplete()).isFalse();
    }
    interrupted.await();
    go.countDown();
    assertThat(tracker.shutdown(Context.background())).isEqualTo(new TrackerReport(0, 0, 0, 7));
    assertThat(written).isEmpty();
  }

  @Test
  void writerThatIgnoresItsInterruptDoesNotHoldUpTheShutdown() throws Exception {
    var stop = new CountDownLatch(1);
    var tracker =
        Tracker.open(
            Channel.<Integer>buffered(10),
            1,
            batch -> {
              writing.countDown();
              while (stop.getCount() > 0) {
                try {
                  stop.await();
                } catch (InterruptedException e) {
                  // Ignored: this is the point.
                }
              }
              written.addAll(batch);
            });
    tracker.event(1, Context.background());
    tracker.event(2, Context.background());
    writing.await();
    try (var context = Context.background().withTimeout(Duration.ofMillis(20))) {
      assertThat(tracker.shutdown(context).unwritten()).isEqualTo(2);
    }
    stop.countDown();
    tracker.close(); // waits for the thread
    assertThat(written).containsExactly(1); // it was in its hands; the second one was given up
    assertThat(tracker.report()).isEqualTo(new TrackerReport(0, 0, 0, 2));
  }

  @Test
  void batchThatFailsIsCountedAndToldAndTheRestIsWritten() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    var tracker =
        Tracker.open(
            Channel.<Integer>buffered(10),
            1,
            batch -> {
              if (batch.contains(1)) {
                throw new IOException("disk full");
              }
              written.addAll(batch);
            },
            (batch, failure) -> {
              told.add(batch + ": " + failure.getMessage());
              throw new IllegalStateException("in the handler");
            });
    for (int i = 0; i < 3; i++) {
      tracker.event(i, Context.background());
    }
    assertThat(tracker.shutdown(Context.background())).isEqualTo(new TrackerReport(2, 1, 0, 0));
    assertThat(told).containsExactly("[1]: disk full");
    assertThat(written).containsExactly(0, 2);
  }

  @Test
  void errorOfTheWriterEndsTheTracker() throws Exception {
    var error = new LinkageError("planted");
    var tracker =
        Tracker.open(
            Channel.<Integer>buffered(1),
            1,
            batch -> {
              throw error;
            });
    tracker.event(0, Context.background());
    await().until(() -> !tracker.tryEvent(1));
    assertThatThrownBy(() -> tracker.event(2, Context.background()))
        .isInstanceOf(ChannelClosedException.class)
        .hasCause(error);
    assertThat(tracker.shutdown(Context.background()).written()).isZero();
    assertThat(tracker.report().unwritten()).isPositive();
  }

  @Test
  void eventAfterTheShutdownIsRefused() throws Exception {
    var tracker = Tracker.open(Channel.<Integer>buffered(1), 1, written::addAll);
    tracker.close();
    tracker.close();
    assertThat(tracker.tryEvent(1)).isFalse();
    assertThatThrownBy(() -> tracker.event(1, Context.background()))
        .isInstanceOf(ChannelClosedException.class);
    assertThat(tracker.report()).isEqualTo(new TrackerReport(0, 0, 0, 0));
  }

  @Test
  void callersThatWaitForRoomAreRefusedByTheShutdown() throws Exception {
    Channel<Integer> channel = Channel.buffered(1);
    var tracker = Tracker.open(channel, 1, this::writeSlowly);
    tracker.event(0, Context.background());
    writing.await();
    tracker.event(1, Context.background());
    var waiting =
        threads.start(
            () -> {
              tracker.event(2, Context.background());
              return null;
            });
    await().until(() -> channel.waitingSenders() == 1);
    var shutdown = threads.start(() -> tracker.shutdown(Context.background()));
    assertThatThrownBy(waiting::get).hasCauseInstanceOf(ChannelClosedException.class);
    go.countDown();
    assertThat(shutdown.get()).isEqualTo(new TrackerReport(2, 0, 0, 0));
  }

  @Test
  void writerThatWouldWaitForItselfIsRefused() throws Exception {
    List<Throwable> refused = new CopyOnWriteArrayList<>();
    var self = new AtomicReference<Tracker<Integer>>();
    var tracker =
        Tracker.<Integer>open(
            Channel.buffered(1),
            1,
            batch -> {
              go.await();
              try {
                if (batch.contains(0)) {
                  self.get().event(10, Context.background()); // there is room
                  self.get().event(11, Context.background()); // there is none
                }
              } catch (IllegalStateException e) {
                refused.add(e);
              }
              try {
                var _ = self.get().shutdown(Context.background());
              } catch (IllegalStateException e) {
                refused.add(e);
              }
              written.addAll(batch);
            });
    self.set(tracker);
    tracker.event(0, Context.background());
    go.countDown();
    await().until(() -> written.contains(10));
    tracker.close();
    assertThat(refused).hasSize(3);
    assertThat(refused.getFirst()).hasMessageContaining("tryEvent");
  }

  @Test
  void manyThreadsLoseNothing() throws Exception {
    var tracker = Tracker.open(Channel.<Integer>buffered(4), 16, written::addAll);
    List<Threads.Running<Integer>> running = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      int base = t * 1_000;
      running.add(
          threads.start(
              () -> {
                for (int i = 0; i < 250; i++) {
                  tracker.event(base + i, Context.background());
                }
                return base;
              }));
    }
    for (var one : running) {
      assertThat(one.get()).isNotNegative();
    }
    assertThat(tracker.shutdown(Context.background())).isEqualTo(new TrackerReport(2_000, 0, 0, 0));
    assertThat(written).hasSize(2_000).doesNotHaveDuplicates();
  }

  @Test
  void badSettingsAreRefused() {
    assertThatThrownBy(() -> Tracker.open(Channel.<Integer>buffered(1), 0, written::addAll))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
