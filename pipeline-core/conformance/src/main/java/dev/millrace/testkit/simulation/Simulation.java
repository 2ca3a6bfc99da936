package dev.millrace.testkit.simulation;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Runs a scenario again and again, each time with another schedule of its threads. The seed decides
 * everything: the order of the threads, the time, random numbers. The same seed gives the same run.
 *
 * <p>A scenario is a {@link LongConsumer} that gets the seed, with a public constructor that has no
 * parameters, or one string. It runs in a virtual thread. The library's classes are loaded for it
 * once more, and rewritten. All threads that they start run on one carrier, one at a time. Time
 * moves when no thread can run. A scenario fails if it throws, if one of its threads ends with an
 * exception, if its threads are stuck, or if a thread lives on.
 *
 * <p>The threads see each other's writes in program order. So a missing fence is not found: that
 * needs jcstress.
 *
 * <p>One run at a time in a JVM. The JVM needs {@code -XX:+EnableDynamicAgentLoading}.
 */
public final class Simulation {

  static {
    Jdk.install();
  }

  /** How many runs the initialization takes. */
  private static final int WARMING = 3;

  private final Class<? extends LongConsumer> scenario;
  private final @Nullable String argument;
  private final Map<String, UnaryOperator<byte[]>> changes = new HashMap<>();
  private @Nullable SimulationLoader loader;

  /** Of all simulations without changes, because loading takes longer than most runs. */
  private static final AtomicReference<@Nullable SimulationLoader> UNCHANGED =
      new AtomicReference<>();

  /** A scenario without an argument. */
  public Simulation(Class<? extends LongConsumer> scenario) {
    this(scenario, null);
  }

  /** A scenario with an argument. */
  public Simulation(Class<? extends LongConsumer> scenario, @Nullable String argument) {
    this.scenario = scenario;
    this.argument = argument;
  }

  /** Changes a class before the scenario runs: to plant a defect. */
  public Simulation with(String className, UnaryOperator<byte[]> change) {
    changes.merge(className, change, (one, other) -> bytes -> other.apply(one.apply(bytes)));
    loader = null;
    return this;
  }

  /** Loads all classes anew for this simulation. */
  public Simulation inAFreshLoader() {
    loader = null;
    UNCHANGED.set(null);
    return this;
  }

  /**
   * A number that is equal for equal schedules: it depends on each choice of a thread, on the
   * number of decisions, and on whether the run failed.
   */
  public long trace(long seed) {
    Outcome outcome = run(seed);
    return (outcome.trace() * 31 + outcome.events()) * 31 + (outcome.failure() == null ? 0 : 1);
  }

  Outcome run(long seed) {
    return run(seed, Strategies.of(seed).make(seed));
  }

  Outcome run(long seed, Strategy strategy) {
    SimulationLoader own = loader();
    Outcome outcome = play(own, seed, strategy);
    if (outcome.failure() instanceof StuckException) {
      loader = null; // its threads may hold locks of static objects
      UNCHANGED.compareAndSet(own, null);
    }
    return outcome;
  }

  private SimulationLoader loader() {
    SimulationLoader present = changes.isEmpty() ? UNCHANGED.get() : loader;
    if (present == null || present.getParent() != scenario.getClassLoader()) {
      present = warm(new SimulationLoader(scenario.getClassLoader(), changes));
      loader = present;
      if (changes.isEmpty()) {
        UNCHANGED.set(present);
      }
    }
    return present;
  }

  /**
   * The first runs with a loader initialize static state, such as shared timers. So no schedule
   * counts in which that happens.
   */
  private SimulationLoader warm(SimulationLoader fresh) {
    for (long seed = -WARMING; seed < 0; seed++) {
      if (play(fresh, seed, Strategies.of(seed).make(seed)).failure() instanceof StuckException) {
        return new SimulationLoader(scenario.getClassLoader(), changes);
      }
    }
    return fresh;
  }

  private Outcome play(SimulationLoader own, long seed, Strategy strategy) {
    return new World(seed, strategy, () -> scenario(own).accept(seed)).play();
  }

  private LongConsumer scenario(SimulationLoader own) {
    try {
      Class<? extends LongConsumer> copy =
          own.loadClass(scenario.getName()).asSubclass(LongConsumer.class);
      return argument == null
          ? copy.getConstructor().newInstance()
          : copy.getConstructor(String.class).newInstance(argument);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          scenario + " needs a public constructor without parameters, or with a string", e);
    }
  }
}
