package dev.millrace.testkit.simulation.boot;

import java.lang.instrument.Instrumentation;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The time that timed waits of {@code java.util.concurrent} read, the order of immutable sets and
 * maps, and the agent that gives access to these classes. The boot loader loads this class a second
 * time, for them. Thread-safe.
 */
public final class JdkTime {

  /** Answers for the calling thread; null before the simulation is installed. */
  public static volatile @Nullable LongSupplier source;

  /** Whether the calling thread is in a simulation; null before the simulation is installed. */
  public static volatile @Nullable BooleanSupplier simulated;

  /** Set when the agent has been loaded. */
  public static volatile @Nullable Instrumentation instrumentation;

  private JdkTime() {}

  /** Called by the JVM when it loads the agent. */
  public static void agentmain(String arguments, Instrumentation access) {
    instrumentation = access;
  }

  /** In place of {@link System#nanoTime}. */
  public static long nanoTime() {
    LongSupplier present = source;
    return present == null ? System.nanoTime() : present.getAsLong();
  }

  private static boolean isSimulated() {
    BooleanSupplier present = simulated;
    return present != null && present.getAsBoolean();
  }

  /** In place of the random number of this JVM that decides where an iteration begins. */
  public static long salt(long random) {
    return isSimulated() ? 0 : random;
  }

  /** In place of the random direction of this JVM in which an iteration goes. */
  public static boolean isReversed(boolean random) {
    return !isSimulated() && random;
  }
}
