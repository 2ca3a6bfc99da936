package dev.millrace.stress;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.StateCase;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Runs the tests that have more actors than this machine has processors, which jcstress leaves out:
 * a thread per actor, and the operating system lets them meet. Slower than jcstress, and blind for
 * what only processors that run side by side can see; but a lost element or wake-up shows.
 */
final class SmallMachine {

  private static final int CHUNK = 100;

  private final TestInfo info;
  private final Class<?> type;
  private final List<Method> actors = new ArrayList<>();
  private final Class<?> resultType;
  private @Nullable Method arbiter;

  private SmallMachine(TestInfo info) throws ClassNotFoundException {
    this.info = info;
    this.type = Class.forName(info.binaryName());
    Class<?> results = null;
    for (Method method : type.getMethods()) {
      if (info.actorNames().contains(method.getName())) {
        actors.add(method);
      } else if (method.isAnnotationPresent(Arbiter.class)) {
        arbiter = method;
      } else {
        continue;
      }
      if (method.getParameterCount() == 1) {
        results = method.getParameterTypes()[0];
      }
    }
    if (results == null || actors.size() != info.threads()) {
      throw new IllegalStateException("no result, or not all actors, in " + type);
    }
    resultType = results;
  }

  /** Runs what matches for {@code millis} each; the names of the tests that have failed. */
  static List<String> runAll(Pattern pattern, long millis) throws Exception {
    int processors = Runtime.getRuntime().availableProcessors();
    List<String> failed = new ArrayList<>();
    for (String name : TestList.tests()) {
      TestInfo info = TestList.getInfo(name);
      if (info.threads() > processors && pattern.matcher(name).find()) {
        if (!new SmallMachine(info).run(millis)) {
          failed.add(name);
        }
      }
    }
    return failed;
  }

  private boolean run(long millis) throws Exception {
    Map<String, Integer> counts = new TreeMap<>();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    int samples = 0;
    do {
      for (Object result : runChunk()) {
        counts.merge(result.toString(), 1, Integer::sum);
        samples++;
      }
    } while (System.nanoTime() < end);
    boolean passed = true;
    for (String outcome : counts.keySet()) {
      passed &= expectation(outcome) != Expect.FORBIDDEN;
    }
    System.out.printf(
        "%s %s, %d actors, %d samples: %s%n",
        passed ? "[OK]" : "[FAILED]", info.name(), actors.size(), samples, counts);
    return passed;
  }

  private Expect expectation(String outcome) {
    for (StateCase known : info.cases()) {
      if (known.matchesExactly(outcome)) {
        return known.expect();
      }
    }
    return info.unmatched().expect();
  }

  private List<Object> runChunk() throws Exception {
    List<Object> states = new ArrayList<>();
    List<Object> results = new ArrayList<>();
    for (int i = 0; i < CHUNK; i++) {
      states.add(type.getConstructor().newInstance());
      results.add(resultType.getConstructor().newInstance());
    }
    var barrier = new CyclicBarrier(actors.size());
    List<FutureTask<?>> running = new ArrayList<>();
    for (Method actor : actors) {
      var task =
          new FutureTask<>(
              () -> {
                for (int i = 0; i < CHUNK; i++) {
                  barrier.await();
                  call(actor, states.get(i), results.get(i));
                }
                return null;
              });
      running.add(task);
      Thread.ofPlatform().daemon().start(task);
    }
    for (FutureTask<?> task : running) {
      task.get(5, TimeUnit.MINUTES);
    }
    if (arbiter != null) {
      for (int i = 0; i < CHUNK; i++) {
        call(arbiter, states.get(i), results.get(i));
      }
    }
    return results;
  }

  private static void call(Method method, Object state, Object result) throws Exception {
    if (method.getParameterCount() == 0) {
      method.invoke(state);
    } else {
      method.invoke(state, result);
    }
  }
}
