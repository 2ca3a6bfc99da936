package dev.millrace.stages.internal.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SectionTest {

  private static final long WATCHDOG_SECONDS = 60;

  /**
   * A thread that leaves waits for the interrupt that is on its way, and the thread that interrupts
   * may need the carrier of the thread that leaves. With one carrier, the wait must give it up.
   */
  @Test
  void leavingASectionLetsTheInterruptingThreadRun(@TempDir Path directory) throws Exception {
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
                OneCarrier.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(WATCHDOG_SECONDS, TimeUnit.SECONDS))
          .as("the threads have left their sections within %d seconds", WATCHDOG_SECONDS)
          .isTrue();
      assertThat(output).content().isEqualTo("ended");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** A section, the thread that leaves it, and the thread that cancels it at that moment. */
  private static final class Pair {
    private final Section section;
    private final CountDownLatch entered = new CountDownLatch(1);
    private final Thread leaver;
    private final Thread canceller;
    private volatile boolean leaves;
    private volatile boolean wasInterrupted;

    Pair(Interrupts interrupts, CountDownLatch go) {
      section = new Section(interrupts);
      leaver = Thread.ofVirtual().unstarted(() -> enterAndLeave(go));
      canceller = Thread.ofVirtual().unstarted(section::cancel);
    }

    private void enterAndLeave(CountDownLatch go) {
      section.enter();
      entered.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        return; // too early: then wasInterrupted stays false
      }
      leaves = true;
      wasInterrupted = section.leave() && Thread.interrupted();
    }

    boolean isLeaving() {
      return leaves;
    }

    boolean hasLeft() {
      return wasInterrupted;
    }
  }

  /**
   * The JVM with one carrier. Two threads leave at once: two threads that yield would keep the
   * carrier's own queue full, and the scheduler serves that queue first.
   */
  static final class OneCarrier {
    public static void main(String[] args) throws Exception {
      var interrupts = new Interrupts();
      var go = new CountDownLatch(1);
      List<Pair> pairs = Stream.generate(() -> new Pair(interrupts, go)).limit(2).toList();
      synchronized (interrupts) { // holds up the threads that cancel, before they interrupt
        for (Pair pair : pairs) {
          pair.leaver.start();
          pair.entered.await();
          pair.canceller.start();
          while (pair.canceller.getState() != Thread.State.BLOCKED) {
            Thread.sleep(1);
          }
        }
        go.countDown();
        while (!pairs.stream().allMatch(Pair::isLeaving)) {
          Thread.sleep(1);
        }
      }
      for (Pair pair : pairs) {
        pair.canceller.join();
        pair.leaver.join();
      }
      System.out.print(pairs.stream().allMatch(Pair::hasLeft) ? "ended" : "not interrupted");
    }
  }
}
