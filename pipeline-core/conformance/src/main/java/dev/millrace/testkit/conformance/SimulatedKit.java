package dev.millrace.testkit.conformance;

import dev.millrace.pipeline.Engine;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/**
 * The tests of the kit as a scenario of a simulation: the seed draws a test, its argument and the
 * schedule. A subclass names the engine, as with {@link SimulatedPipelines}.
 *
 * <p>It runs tests without parameters, and tests of each constant of an enum. It leaves out tests
 * that need files, platform threads, or a real machine.
 */
public abstract class SimulatedKit implements LongConsumer {

  /** Tests that cannot run in a simulation. */
  private static final Set<String> REAL =
      Set.of(
          "socketsAreSourcesAndSinks", // threads of the JDK wait for sockets
          "thousandsOfSequentialStagesRun", // the added calls need a larger stack
          "deadlineStopsARunThatKeepsAllCarriersBusy", // about the JDK's own scheduler
          "cancelStopsARunThatKeepsAllCarriersBusy",
          "drainStopsARunThatKeepsAllCarriersBusy",
          "resultIsNotLostBecauseAFunctionThatNobodyWaitsForTakesLong", // threads of the JDK's pool
          "resultIsNotLostBecauseASinkTakesLongToClose",
          "deadlineOfTheContextStopsTheRun", // a second is long for a thread that never waits
          "everyReportOfARunningRunBalances", // the same
          "bytesAreCompressedAndExpanded", // more steps than a run may have
          "elementsThatHaveLeftAreNotKept"); // about the garbage collector

  /** The kit without JUnit. */
  private final class Kit extends EngineConformance {
    @Override
    protected Engine engine(Duration grace) {
      return SimulatedKit.this.engine(grace);
    }

    @Override
    boolean looksForThreads() {
      return false;
    }
  }

  /** A test, and the values of its one parameter; no values if it has no parameter. */
  private record Check(Constructor<?> theme, Method test, List<?> arguments) {
    @Override
    public String toString() {
      return theme.getDeclaringClass().getSimpleName() + "." + test.getName();
    }
  }

  private final Kit kit = new Kit();
  private final List<Check> checks;

  /** Draws from all tests. */
  protected SimulatedKit() {
    this(name -> true);
  }

  /** Draws from the tests whose names fulfil this. */
  protected SimulatedKit(Predicate<String> draws) {
    checks = all().stream().filter(one -> draws.test(one.test().getName())).toList();
  }

  /**
   * The engine under test.
   *
   * @param grace as for {@link EngineConformance#engine(Duration)}
   */
  protected abstract Engine engine(Duration grace);

  private static List<Check> all() {
    List<Check> all = new ArrayList<>();
    for (Class<?> theme : EngineConformance.class.getDeclaredClasses()) {
      if (theme.isAnnotationPresent(Nested.class)) {
        for (Method test : theme.getSuperclass().getDeclaredMethods()) {
          List<?> arguments = arguments(test);
          if (arguments != null && !REAL.contains(test.getName())) {
            test.setAccessible(true);
            all.add(new Check(constructor(theme), test, arguments));
          }
        }
      }
    }
    all.sort(Comparator.comparing(Check::toString)); // the JDK promises no order
    return all;
  }

  private static Constructor<?> constructor(Class<?> theme) {
    try {
      return theme.getDeclaredConstructor(EngineConformance.class);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("a theme is an inner class of the kit", e);
    }
  }

  /** The values of the parameter; null if the method is no test, or a test of another kind. */
  private static @Nullable List<?> arguments(Method test) {
    if (test.isAnnotationPresent(Test.class) && test.getParameterCount() == 0) {
      return List.of();
    }
    EnumSource source = test.getAnnotation(EnumSource.class);
    if (source == null || test.getParameterCount() != 1) {
      return null;
    }
    Set<String> names = new HashSet<>(Arrays.asList(source.names()));
    boolean excludes = source.mode() == EnumSource.Mode.EXCLUDE;
    return Arrays.stream(test.getParameterTypes()[0].getEnumConstants())
        .filter(one -> names.isEmpty() || names.contains(((Enum<?>) one).name()) != excludes)
        .toList();
  }

  @Override
  public final void accept(long seed) {
    var random = new SplittableRandom(seed);
    Check check = checks.get(random.nextInt(checks.size()));
    List<?> arguments = check.arguments();
    Object[] given =
        arguments.isEmpty()
            ? new Object[0]
            : new Object[] {arguments.get(random.nextInt(arguments.size()))};
    try {
      var theme = (Theme) check.theme().newInstance(kit);
      theme.kit(kit);
      try {
        check.test().invoke(theme, given);
      } finally {
        theme.stopWhatStillRuns();
      }
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof TestAbortedException) {
        return; // the test is not for this argument
      }
      throw new AssertionError(check + Arrays.toString(given) + " failed", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(check + " cannot be called", e);
    }
  }
}
