package dev.millrace.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.channel.Channel;
import dev.millrace.channel.ChannelClosedException;
import dev.millrace.context.Context;
import dev.millrace.context.DeadlineExceededException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Cancellation needs no free carrier. Two virtual threads that wake each other keep a carrier's own
 * queue full. The scheduler serves that queue before threads that were started or woken elsewhere.
 * So one such pair per carrier keeps out all other virtual threads for ever.
 */
class CarrierStarvationTest {

  private static final Duration DEADLINE = Duration.ofMillis(300);
  private static final Duration WATCHDOG = Duration.ofSeconds(30);

  /**
   * An action that must end although the carriers are busy. It throws if it ends in another way.
   */
  enum Scenario {
    GROUP {
      @Override
      void run(Pairs pairs) throws Exception {
        try (var context = Context.background().withTimeout(DEADLINE);
            var group = TaskGroup.open(context)) {
          pairs.start(group);
          group.join();
          throw new AssertionError("the group was not cancelled");
        } catch (CancellationException e) {
          assertThat(e).hasCauseInstanceOf(DeadlineExceededException.class);
        }
      }
    },
    GROUP_OF_A_CANCELLED_PARENT {
      @Override
      void run(Pairs pairs) throws Exception {
        try (var context = Context.background().withCancel();
            var group = TaskGroup.open(context)) {
          pairs.start(group);
          pairs.awaitBusy();
          context.cancel();
          group.join();
          throw new AssertionError("the group was not cancelled");
        } catch (CancellationException e) {
          // as expected
        }
      }
    },
    CLOSED_GROUP {
      @Override
      void run(Pairs pairs) throws Exception {
        try (var group = TaskGroup.open(Context.background())) {
          pairs.start(group);
          pairs.awaitBusy();
        }
      }
    },
    GENERATOR {
      @Override
      void run(Pairs pairs) throws Exception {
        try (var context = Context.background().withTimeout(DEADLINE);
            var readers = TaskGroup.collecting(Context.background())) {
          List<Task<Boolean>> tasks = new ArrayList<>();
          for (Channel<Integer> channel : pairs.channels) {
            var generator =
                Generator.<Integer>open(
                    context,
                    out -> {
                      while (!channel.isClosed()) {
                        out.send(1);
                      }
                    });
            tasks.add(readers.fork(() -> endsWithTheDeadline(generator)));
          }
          readers.join();
          assertThat(tasks).allMatch(Task::get);
        }
      }
    },
    AFTER_FUNC {
      @Override
      void run(Pairs pairs) throws Exception {
        try (var context = Context.background().withTimeout(DEADLINE);
            var group = TaskGroup.open(Context.background())) {
          pairs.start(group);
          pairs.awaitBusy();
          var ran = new CountDownLatch(200); // more functions than platform threads for them
          for (int i = 0; i < 200; i++) {
            context.afterFunc(ran::countDown);
          }
          ran.await();
        }
      }
    };

    abstract void run(Pairs pairs) throws Exception;

    private static boolean endsWithTheDeadline(Generator<Integer> generator)
        throws InterruptedException {
      try (generator) {
        while (generator.channel().receiveOrNull() != null) {}
        return false;
      } catch (ChannelClosedException e) {
        return e.getCause() instanceof DeadlineExceededException;
      }
    }
  }

  /** Producers and consumers over rendezvous channels. They end when the channels are closed. */
  static final class Pairs {
    private final List<Channel<Integer>> channels = new ArrayList<>();
    private final CountDownLatch busy = new CountDownLatch(1);

    Pairs(int count) {
      for (int i = 0; i < count; i++) {
        channels.add(Channel.rendezvous());
      }
    }

    void start(TaskGroup group) throws InterruptedException {
      for (Channel<Integer> channel : channels) {
        group.fork(
            () -> {
              while (true) {
                channel.send(1);
              }
            });
        group.fork(
            () -> {
              for (int received = 1; ; received++) {
                channel.receive();
                if (received == 1000) {
                  busy.countDown();
                }
              }
            });
      }
    }

    /** Waits until one pair runs: from then on, no other virtual thread may get a carrier. */
    void awaitBusy() throws InterruptedException {
      busy.await();
    }

    void end() {
      channels.forEach(Channel::close);
    }
  }

  private static void endsInTime(Scenario scenario, int pairs) throws Exception {
    var busy = new Pairs(pairs);
    Callable<Boolean> body =
        () -> {
          scenario.run(busy);
          return true;
        };
    var running = new FutureTask<>(body);
    Thread thread = Thread.ofPlatform().daemon().start(running);
    try {
      running.get(WATCHDOG.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(scenario + " has not ended within " + WATCHDOG, e);
    } finally {
      busy.end();
      thread.interrupt();
    }
  }

  /** With one pair for each carrier, and with two. */
  @ParameterizedTest
  @EnumSource
  void endsWhileAllCarriersAreBusy(Scenario scenario) throws Exception {
    int carriers = Runtime.getRuntime().availableProcessors();
    endsInTime(scenario, carriers);
    endsInTime(scenario, 2 * carriers);
  }

  /** With one processor, one pair is enough. */
  @ParameterizedTest
  @EnumSource
  void endsWhileTheOneCarrierIsBusy(Scenario scenario, @TempDir Path directory) throws Exception {
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-Djdk.virtualThreadScheduler.parallelism=1",
                "-Djdk.virtualThreadScheduler.maxPoolSize=1",
                "-cp",
                System.getProperty("java.class.path"),
                OneCarrier.class.getName(),
                scenario.name())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(2 * WATCHDOG.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(output).content().isEqualTo("ended");
    } finally {
      process.destroyForcibly();
    }
  }

  /** The JVM with one carrier. */
  static final class OneCarrier {
    public static void main(String[] args) throws Exception {
      endsInTime(Scenario.valueOf(args[0]), 1);
      System.out.print("ended");
    }
  }
}
