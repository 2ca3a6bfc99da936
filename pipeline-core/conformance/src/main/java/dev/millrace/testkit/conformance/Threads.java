package dev.millrace.testkit.conformance;

import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Lists all living threads, including virtual ones. Stateless and thread-safe.
 *
 * <p>The only public API of the JDK that lists virtual threads is a thread dump into a file. A dump
 * takes milliseconds. It has also crashed the JVM (25.0.3), at a running thread that held a monitor
 * in compiled code. So this class uses the internal class behind the dump. The JVM of the tests
 * must export its package.
 */
public final class Threads {

  /** The prefix of the names of the kit's own threads. */
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
          "process reaper",
          "MasterPoller", // and SubPoller: the JDK's waits for sockets
          "SubPoller");

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

  /** A lower bound for the ids of all threads that are created after this call. */
  public static long nextId() {
    return Thread.ofVirtual().unstarted(() -> {}).threadId();
  }

  /** The living threads, without the threads of the kit and of the JDK's pools. */
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

  /** The name and the stack of a thread. */
  public static String describe(Thread thread) {
    String stack =
        Stream.of(thread.getStackTrace())
            .limit(30)
            .map(frame -> "\n    at " + frame)
            .collect(Collectors.joining());
    return thread + stack;
  }
}
