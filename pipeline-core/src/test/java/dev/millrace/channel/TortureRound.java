package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.TortureIntent.Ends;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Random operations of random threads on random channels, all drawn from one seed.
 *
 * <p>While the workers work, this thread interrupts them, cancels their contexts and closes some of
 * the channels. Then it leaves them alone, until each has finished or waits for ever. It compares
 * the queues of the channels with the intents of the workers: this shows a lost wake-up, or a
 * waiter that was left behind. Then it closes all channels, which must end every wait, and compares
 * the sent elements with the received ones.
 */
final class TortureRound {

  /**
   * The number of checks for an end, each of which waits for {@link #LOOK}. A number, so that a
   * process that was stopped for a while does not count as hanging.
   */
  private static final int LOOKS = 1_500;

  private static final Duration LOOK = Duration.ofMillis(10);

  private final long seed;
  private final SplittableRandom random;
  private final List<Channel<TortureItem>> channels = new ArrayList<>();
  private final List<String> kinds = new ArrayList<>();
  private final List<TortureWorker> workers = new ArrayList<>();

  /**
   * The number of interrupts, cancels and closes: often 0, so that the workers must end each
   * other's waits.
   */
  private final int disturbances;

  TortureRound(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    int channelCount = 1 + random.nextInt(5);
    for (int i = 0; i < channelCount; i++) {
      channels.add(channel());
    }
    int workerCount = 2 + random.nextInt(10);
    int operations = 50 + random.nextInt(1000);
    int closePerMille = random.nextInt(3) == 0 ? 10 : 0;
    disturbances = random.nextInt(3) == 0 ? 0 : random.nextInt(random.nextBoolean() ? 30 : 400);
    for (int i = 0; i < workerCount; i++) {
      Thread.Builder threads =
          random.nextInt(4) == 0 ? Thread.ofPlatform().daemon() : Thread.ofVirtual();
      workers.add(
          new TortureWorker(i, random.split(), channels, operations, closePerMille, threads));
    }
  }

  private Channel<TortureItem> channel() {
    int capacity = 1 + random.nextInt(random.nextBoolean() ? 3 : 40);
    int kind = random.nextInt(12);
    String name =
        switch (kind) {
          case 0, 1, 2 -> "rendezvous";
          case 3 -> "unlimited";
          case 4 -> "dropNewest(" + capacity + ")";
          case 5 -> "dropOldest(" + capacity + ")";
          case 6 -> "conflated";
          case 7, 8 -> "buffered(1)";
          default -> "buffered(" + capacity + ")";
        };
    kinds.add(name);
    return switch (kind) {
      case 0, 1, 2 -> Channel.rendezvous();
      case 3 -> Channel.unlimited();
      case 4 -> Channel.dropNewest(capacity);
      case 5 -> Channel.dropOldest(capacity);
      case 6 -> Channel.conflated();
      case 7, 8 -> Channel.buffered(1);
      default -> Channel.buffered(capacity);
    };
  }

  /**
   * Runs the round; returns the number of received elements. The time limit always holds: the
   * description of a hang does not use the channels, because all threads may be waiting for their
   * locks.
   */
  long run() {
    var result = new FutureTask<>(this::runOrDescribe);
    Thread controller = Thread.ofPlatform().daemon().name("torture-controller").unstarted(result);
    controller.start();
    try {
      for (int i = 0; i < 2 * LOOKS && !controller.join(LOOK); i++) {}
      return result.get(0, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw failed("", "", e.getCause());
    } catch (TimeoutException | InterruptedException e) {
      throw failed(": it hangs", describe(controller), e);
    } finally {
      for (var worker : workers) {
        worker.thread.interrupt();
      }
    }
  }

  private long runOrDescribe() throws InterruptedException {
    try {
      return runAndCheck();
    } catch (AssertionError e) {
      throw new AssertionError(describeChannels(), e);
    }
  }

  private AssertionError failed(String how, String state, @Nullable Throwable cause) {
    return new AssertionError(
        "torture failed%s; -Dtorture.seed=%d replays the plan%n%s%s"
            .formatted(how, seed, state, describeWorkers()),
        cause);
  }

  private long runAndCheck() throws InterruptedException {
    for (var worker : workers) {
      worker.thread.start();
    }
    disturb();
    boolean quiet = isQuiet();
    for (int i = 0; i < 10 * LOOKS && !quiet; i++) {
      LockSupport.parkNanos(LOOK.toNanos() / 10);
      quiet = isQuiet();
    }
    assertThat(quiet).as("the queues are what the workers wait for").isTrue();
    checkQuietState();
    channels.forEach(Channel::close);
    for (var worker : workers) {
      boolean ended = false;
      for (int i = 0; i < LOOKS && !ended; i++) {
        ended = worker.thread.join(LOOK);
      }
      assertThat(ended).as("worker %d ends", worker.id).isTrue();
    }
    for (var worker : workers) {
      Throwable failure = worker.failure;
      if (failure != null) {
        throw new AssertionError("worker " + worker.id + " failed", failure);
      }
    }
    return checkLedgers();
  }

  private void disturb() {
    for (int i = 0; i < disturbances && !allFinished(); i++) {
      TortureWorker worker = workers.get(random.nextInt(workers.size()));
      int dice = random.nextInt(100);
      if (dice < 45) {
        worker.interrupt();
      } else if (dice < 90) {
        worker.context.cancel();
      } else if (dice == 99 && disturbances > 30) {
        channels.get(random.nextInt(channels.size())).close();
      }
      if (random.nextInt(4) == 0) {
        LockSupport.parkNanos(random.nextInt(100_000));
      } else {
        Thread.yield();
      }
    }
  }

  private boolean allFinished() {
    return workers.stream().allMatch(worker -> worker.intent == TortureIntent.FINISHED);
  }

  /** Whether each worker has finished, or waits for ever in exactly the queues of its intent. */
  private boolean isQuiet() {
    for (var worker : workers) {
      TortureIntent intent = worker.intent;
      if (intent.ends() == Ends.BY_ITSELF) {
        return false;
      }
    }
    for (int i = 0; i < channels.size(); i++) {
      if (channels.get(i).waitingSenders() != expected(i, true)
          || channels.get(i).waitingReceivers() != expected(i, false)) {
        return false;
      }
    }
    return true;
  }

  private int expected(int channel, boolean sends) {
    return workers.stream().mapToInt(worker -> worker.intent.count(channel, sends)).sum();
  }

  /** Checks that no thread waits for an element or a place that is available. */
  private void checkQuietState() {
    for (int i = 0; i < channels.size(); i++) {
      int index = i;
      Channel<TortureItem> channel = channels.get(i);
      boolean sendersWait = channel.waitingSenders() > 0;
      boolean receiversWait = channel.waitingReceivers() > 0;
      if (receiversWait) {
        assertThat(channel.size()).as("elements beside a waiting receiver").isZero();
      }
      if (sendersWait) {
        assertThat(channel.size())
            .as("elements beside a waiting sender")
            .isEqualTo(channel.capacity());
      }
      if (sendersWait || receiversWait) {
        assertThat(channel.isClosed()).as("a thread waits on a closed channel").isFalse();
      }
      if (sendersWait && receiversWait) { // only one select that waits for both
        assertThat(
                workers.stream()
                    .filter(
                        worker ->
                            worker.intent.count(index, true) + worker.intent.count(index, false)
                                > 0))
            .as("workers on both sides of channel %d", i)
            .hasSize(1);
      }
    }
  }

  private long checkLedgers() {
    List<TortureLedger> ledgers = new ArrayList<>();
    for (var worker : workers) {
      worker.ledger.checkOrder();
      ledgers.add(worker.ledger);
    }
    var rest = new TortureLedger();
    for (var channel : channels) {
      channel.forEach(rest.received::add);
      assertThat(channel.waitingSenders() + channel.waitingReceivers()).isZero();
    }
    rest.checkOrder();
    ledgers.add(rest);
    TortureLedger.checkConservation(ledgers, channels);
    return ledgers.stream().mapToLong(ledger -> ledger.received.size()).sum();
  }

  private String describeChannels() {
    var text = new StringBuilder();
    for (int i = 0; i < channels.size(); i++) {
      Channel<TortureItem> channel = channels.get(i);
      text.append(
          "channel %d: %s, %s, dropped %d%n"
              .formatted(i, kinds.get(i), channel, channel.dropped()));
    }
    return text.toString();
  }

  /** The place of each worker. */
  private String describeWorkers() {
    var text = new StringBuilder();
    for (var worker : workers) {
      Throwable failure = worker.failure;
      text.append(
          "worker %d: %s%s%n%s"
              .formatted(
                  worker.id,
                  worker.intent,
                  failure == null ? "" : ", failed with " + failure,
                  describe(worker.thread)));
    }
    return text.toString();
  }

  private static String describe(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .map(frame -> "    at " + frame)
        .collect(Collectors.joining("%n".formatted(), thread + "%n".formatted(), "%n".formatted()));
  }
}
