package dev.millrace.stages.internal.wait;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SignalTest {

  private static final int ROUNDS = 300_000;
  private static final int TURNS = 20_000;

  private final Signal signal = new Signal();

  private static void awaitPark(Thread thread) {
    Awaitility.await().until(() -> thread.getState() == Thread.State.WAITING);
  }

  @Test
  void conditionThatHoldsIsNotWaitedFor() {
    signal.await(() -> true);
    assertThat(signal.isAwaited()).isFalse();
  }

  @Test
  void signalWithoutWaitingThreadIsNotRemembered() {
    signal.signal();
    assertThat(signal.awaitUntil(System.nanoTime(), WaitStrategy.PARK, () -> false, why -> {}))
        .isFalse();
  }

  /** Both threads begin each round together, so that their writes and reads cross. */
  @Test
  void noWakeUpIsLostWhenWaitAndSignalMeet() throws InterruptedException {
    var begun = new AtomicInteger();
    var done = new AtomicInteger();
    Thread signalling =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int round = 1; round <= ROUNDS; round++) {
                    spinUntil(begun, round);
                    pause(round % 61);
                    done.setRelease(round);
                    signal.signal();
                  }
                });
    for (int round = 1; round <= ROUNDS; round++) {
      int wanted = round;
      begun.setRelease(round);
      pause(round % 53);
      signal.await(() -> done.getAcquire() >= wanted);
    }
    signalling.join();
  }

  private static void spinUntil(AtomicInteger value, int wanted) {
    for (int looks = 0; value.getAcquire() < wanted; looks++) {
      if (looks > 1_000) {
        Thread.yield(); // the other thread may have no processor
      }
      Thread.onSpinWait();
    }
  }

  private static void pause(int times) {
    for (int i = 0; i < times; i++) {
      Thread.onSpinWait();
    }
  }

  /** Two threads take turns: each wait ends by one signal, and no other signal follows it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void noWakeUpIsLostBetweenThreadsThatTakeTurns(boolean virtual) throws InterruptedException {
    var other = new Signal();
    var turn = new AtomicInteger();
    Runnable answers =
        () -> {
          for (int i = 1; i < 2 * TURNS; i += 2) {
            int mine = i;
            other.await(() -> turn.getAcquire() == mine);
            turn.setRelease(mine + 1);
            signal.signal();
          }
        };
    Thread second =
        virtual ? Thread.ofVirtual().start(answers) : Thread.ofPlatform().start(answers);
    for (int i = 0; i < 2 * TURNS; i += 2) {
      int mine = i;
      signal.await(() -> turn.getAcquire() == mine);
      turn.setRelease(mine + 1);
      other.signal();
    }
    second.join();
    assertThat(turn).hasValue(2 * TURNS);
  }

  /** As a lock that the condition takes, and that parks. */
  @Test
  void conditionThatConsumesThePermitLosesNoWakeUp() {
    var open = new AtomicBoolean();
    var looks = new AtomicInteger();
    signal.await(
        () -> {
          boolean seen = open.get();
          if (looks.incrementAndGet() == 1) {
            open.set(true);
            signal.signal();
            LockSupport.park(); // returns, because of the signal
          }
          return seen;
        });
    assertThat(looks).hasValue(2);
  }

  @Test
  void checkLearnsOfAnInterruptAndMayGiveUp() throws InterruptedException {
    var thrown = new AtomicBoolean();
    var flag = new AtomicBoolean(true);
    Thread waiting =
        Thread.ofPlatform()
            .start(
                () -> {
                  assertThatThrownBy(
                          () ->
                              signal.await(
                                  WaitStrategy.PARK,
                                  () -> false,
                                  interrupted -> {
                                    if (interrupted) {
                                      throw new InterruptedException();
                                    }
                                  }))
                      .isInstanceOf(InterruptedException.class);
                  flag.set(Thread.currentThread().isInterrupted());
                  thrown.set(true);
                });
    awaitPark(waiting);
    waiting.interrupt();
    waiting.join();
    assertThat(thrown).isTrue();
    assertThat(flag).isFalse();
    assertThat(signal.isAwaited()).isFalse();
  }

  @Test
  void interruptAndForeignUnparkDoNotEndAWait() throws InterruptedException {
    var open = new AtomicBoolean();
    var looks = new AtomicInteger();
    Thread waiting =
        Thread.ofPlatform()
            .start(
                () ->
                    signal.await(
                        () -> {
                          looks.incrementAndGet();
                          return open.get();
                        }));
    awaitPark(waiting);
    int before = looks.get();
    waiting.interrupt();
    Awaitility.await().until(() -> looks.get() > before);
    awaitPark(waiting);
    int between = looks.get();
    LockSupport.unpark(waiting);
    Awaitility.await().until(() -> looks.get() > between);
    awaitPark(waiting);
    assertThat(signal.isAwaited()).isTrue();
    open.set(true);
    signal.signal();
    waiting.join();
  }

  @Test
  void deadlineEndsAWaitThatNoThreadSignals() {
    long deadline = System.nanoTime() + 5_000_000;
    assertThat(signal.awaitUntil(deadline, WaitStrategy.PARK, () -> false, why -> {})).isFalse();
    assertThat(System.nanoTime() - deadline).isNotNegative();
  }

  @Test
  void strategyRunsBeforeTheFirstLookOnly() {
    var spins = new AtomicInteger();
    var looks = new AtomicInteger();
    signal.await(
        spins::incrementAndGet,
        () -> {
          LockSupport.unpark(Thread.currentThread()); // so that the next park returns
          return looks.incrementAndGet() == 3;
        },
        why -> {});
    assertThat(spins).hasValue(1);
  }
}
