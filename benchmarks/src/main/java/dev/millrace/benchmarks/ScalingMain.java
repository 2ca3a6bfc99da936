package dev.millrace.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.millrace.pipeline.Engine;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * Measures a row at one size, after some runs of the same size that do not count. Prints µs, µs of
 * processor time and bytes for each unit, and the most platform threads.
 *
 * <p>The property {@code engine} names the engine of pipelines.
 */
final class ScalingMain {

  private static final long WARM_UP_NANOS = 1_500_000_000;
  private static final long MEASURED_NANOS = 1_000_000_000;

  private ScalingMain() {}

  public static void main(String[] args) throws Exception {
    ScalingRow row = ScalingRow.valueOf(args[0]);
    int size = Integer.parseInt(args[1]);
    Engine engine = Engine.named(System.getProperty("engine", "channels"));
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long warm = System.nanoTime() + WARM_UP_NANOS;
    do {
      row.run(size, engine);
    } while (System.nanoTime() < warm);
    threads.resetPeakThreadCount();
    long bytes = threads.getTotalThreadAllocatedBytes();
    long cpu = system.getProcessCpuTime();
    long since = System.nanoTime();
    long units = 0;
    do {
      units += row.run(size, engine);
    } while (System.nanoTime() - since < MEASURED_NANOS);
    System.out.printf(
        Locale.ROOT,
        "%.5f %.5f %.1f %d%n",
        (System.nanoTime() - since) / 1e3 / units,
        (system.getProcessCpuTime() - cpu) / 1e3 / units,
        (double) (threads.getTotalThreadAllocatedBytes() - bytes) / units,
        threads.getPeakThreadCount());
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }
}
