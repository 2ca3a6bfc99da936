package dev.millrace.channel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The allocations of operations in the steady state. Measured in platform threads, because the JVM
 * counts their allocations.
 */
@Timeout(60)
class GarbageTest {

  private static final int WARM_UP = 20_000;
  private static final int TURNS = 100_000;

  /**
   * In bytes, for all turns together: enough for the JIT and the measurement, but less than an
   * object each turn.
   */
  private static final long TOLERANCE = TURNS / 2;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private interface Turn {
    void run() throws Exception;
  }

  /** Runs the turns side by side, and counts the bytes that their threads allocate. */
  private static long allocated(Turn... turns) throws Exception {
    var warm = new CyclicBarrier(turns.length);
    List<FutureTask<Long>> tasks =
        List.of(turns).stream()
            .map(
                turn ->
                    new FutureTask<>(
                        () -> {
                          for (int i = 0; i < WARM_UP; i++) {
                            turn.run();
                          }
                          warm.await();
                          long before = THREADS.getCurrentThreadAllocatedBytes();
                          for (int i = 0; i < TURNS; i++) {
                            turn.run();
                          }
                          return THREADS.getCurrentThreadAllocatedBytes() - before;
                        }))
            .toList();
    tasks.forEach(task -> Thread.ofPlatform().daemon().start(task));
    long sum = 0;
    for (FutureTask<Long> task : tasks) {
      sum += task.get();
    }
    return sum;
  }

  @Test
  void theMeasurementSeesAnObjectPerTurn() throws Exception {
    var kept = new Object[1];
    assertThat(allocated(() -> kept[0] = new Object())).isGreaterThan(TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 128})
  void handingOverAllocatesNothingThoughThreadsWait(int capacity) throws Exception {
    var channel = Channel.<String>buffered(capacity);
    assertThat(allocated(() -> channel.send("element"), channel::receive)).isLessThan(TOLERANCE);
  }

  @Test
  void selectOfAReadyClauseAllocatesNothing() throws Exception {
    var a = Channel.<String>buffered(1);
    var b = Channel.<String>buffered(1);
    var select =
        new Select<Object>().onReceive(a, x -> x).onReceive(b, x -> x).onSend(b, "b", () -> "sent");
    assertThat(
            allocated(
                () -> {
                  a.trySend("a");
                  select.select();
                }))
        .isLessThan(TOLERANCE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16})
  void selectThatWaitsAllocatesNothing(int capacity) throws Exception {
    var a = Channel.<String>buffered(capacity);
    var b = Channel.<String>buffered(capacity);
    var receive = new Select<Object>().onReceive(a, x -> x).onReceive(b, x -> x);
    var send = new Select<Object>().onSend(a, "a", () -> "a").onSend(b, "b", () -> "b");
    assertThat(allocated(send::select, receive::select)).isLessThan(TOLERANCE);
  }

  @Test
  void defaultClauseOfASilentSelectAllocatesNothing() throws Exception {
    var silent = Channel.<String>rendezvous();
    var select = new Select<Object>().onReceive(silent, x -> x).onDefault(() -> "none");
    assertThat(allocated(select::select)).isLessThan(TOLERANCE);
  }

  @Test
  void timeoutOfASilentSelectAllocatesNothing() throws Exception {
    var silent = Channel.<String>rendezvous();
    var select =
        new Select<Object>().onReceive(silent, x -> x).onTimeout(Duration.ofNanos(1), () -> "late");
    assertThat(allocated(select::select)).isLessThan(TOLERANCE);
  }
}
