package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The behaviour of threads that contend for a channel's locks, which the test holds.
 *
 * <p>A thread that contends for a second lock releases its first lock meanwhile. Otherwise a
 * virtual thread could yield with a lock held and never run again: the threads that wait for its
 * lock yield only to each other. An operation that is cancelled meanwhile does not happen.
 */
@Timeout(60)
class LockingTest {

  /** Holds one lock, and checks that the other one can be taken while threads contend for both. */
  private static void checkFree(SpinLock free, SpinLock held, Callable<?> contender)
      throws Exception {
    try (var threads = new Threads()) {
      held.lock();
      try {
        for (int i = 0; i < 4; i++) {
          threads.start(contender);
        }
        // In a platform thread: the contending threads may keep other virtual threads from
        // starting.
        var visits =
            new FutureTask<>(
                () -> {
                  for (int i = 0; i < 5; i++) {
                    LockSupport.parkNanos(1_000_000);
                    free.lock();
                    free.unlock();
                  }
                  return "done";
                });
        Thread.ofPlatform().daemon().start(visits);
        assertThat(visits.get(50, TimeUnit.SECONDS)).isEqualTo("done");
      } finally {
        held.unlock();
      }
    }
  }

  @Test
  void threadThatContendsForTheSendersLockDoesNotKeepTheReceiversOne() throws Exception {
    var channel = Channel.<Integer>buffered(2);
    checkFree(channel.receiving, channel.sending, channel::size);
  }

  @Test
  void selectThatContendsForOneChannelDoesNotKeepTheOthers() throws Exception {
    var first = Channel.<Integer>rendezvous();
    var second = Channel.<Integer>buffered(1);
    Callable<?> select =
        () ->
            new Select<Integer>()
                .onReceive(first, element -> element)
                .onReceive(second, element -> element)
                .onDefault(() -> 0)
                .select();
    checkFree(first.receiving, second.receiving, select);
    checkFree(first.receiving, second.sending, select);
    checkFree(second.receiving, second.sending, select);
  }

  @Test
  void receiveThatIsCancelledWhileItContendsTakesNothing() throws Exception {
    var channel = Channel.<Integer>buffered(1);
    channel.send(1);
    checkCancelled(channel.receiving, channel::receive);
    assertThat(channel.tryReceive()).isEqualTo(1);
  }

  @Test
  void sendThatIsCancelledWhileItContendsSendsNothing() throws Exception {
    var channel = Channel.<Integer>buffered(1);
    checkCancelled(
        channel.sending,
        context -> {
          channel.send(1, context);
          return 1;
        });
    assertThat(channel.size()).isZero();
  }

  private interface Operation {
    Integer run(Context context) throws InterruptedException;
  }

  private static void checkCancelled(SpinLock held, Operation operation) throws Exception {
    try (var threads = new Threads();
        var context = Context.background().withCancel()) {
      Threads.Running<Integer> running;
      held.lock();
      try {
        running = threads.start(() -> operation.run(context));
        Thread thread = running.thread();
        await().until(() -> contends(thread));
        context.cancel();
      } finally {
        held.unlock();
      }
      assertThatThrownBy(running::get).hasCauseInstanceOf(CancellationException.class);
    }
  }

  private static boolean contends(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(frame -> frame.getClassName().equals(SpinLock.class.getName()));
  }
}
