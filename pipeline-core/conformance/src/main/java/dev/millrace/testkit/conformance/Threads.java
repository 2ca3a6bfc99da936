package dev.millrace.testkit.conformance;

import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All threads that are alive, virtual ones included.
 *
 * <p>No API of the JDK tells the virtual ones but a dump into a file, which takes milliseconds, and
 * was seen to crash the JVM (25.0.3) when it met a running thread that held a monitor in compiled
 * code. So they are taken from where the dump takes them, which the JVM must be told to export.
 */
public final class Threads {

  /** The kit's own begin with this. */
  static final String OWN = "conformance";

  private static final String INTERNALS = "jdk.internal.vm";

  private static final List<String> SHARED =
      List.of(
          OWN,
          "ForkJoinPool", // carriers of virtual threads, and the common pool
          "millrace-timers",
          "millrace-after-func-starter",
          "VirtualThread-unblocker",
          "CompletableFutureDelayScheduler",
          "Common-Cleaner",
          "Attach Listener",
          "process reaper");

  private static final Method ROOT = method("ThreadContainers", "root");
  private static final Method CHILDREN = method("ThreadContainer", "children");
  private static final Method THREADS = method("ThreadContainer", "threads");

  private Threads() {}

  private static Method method(String type, String name) {
    try {
      return Class.forName(INTERNALS + "." + type).getMethod(name);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("this JDK has no " + type + "." + name, e);
    }
  }

  private static Object call(Method method, Object... receiver) {
    try {
      return method.invoke(receiver.length == 0 ? null : receiver[0]);
    } catch (IllegalAccessException e) {
      throw new AssertionError(
          "start the JVM of the tests with --add-exports=java.base/%s=ALL-UNNAMED, so that the kit can see virtual threads"
              .formatted(INTERNALS),
          e);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("a method of the JDK has failed", e);
    }
  }

  /** Not greater than the ids of all threads to come. */
  public static long nextId() {
    return Thread.ofVirtual().unstarted(() -> {}).threadId();
  }

  /** Those that are alive, and are neither the kit's nor of a pool of the JDK. */
  public static List<Thread> alive() {
    return in(call(ROOT)).filter(Threads::isOfInterest).toList();
  }

  private static Stream<Thread> in(Object container) {
    Stream<?> threads = (Stream<?>) call(THREADS, container);
    Stream<?> children = (Stream<?>) call(CHILDREN, container);
    return Stream.concat(threads.map(Thread.class::cast), children.flatMap(Threads::in));
  }

  private static boolean isOfInterest(Thread thread) {
    return thread.isAlive() && SHARED.stream().noneMatch(thread.getName()::startsWith);
  }

  /** A thread, and what it is doing. */
  public static String describe(Thread thread) {
    String stack =
        Stream.of(thread.getStackTrace())
            .limit(30)
            .map(frame -> "\n    at " + frame)
            .collect(Collectors.joining());
    return thread + stack;
  }
}
