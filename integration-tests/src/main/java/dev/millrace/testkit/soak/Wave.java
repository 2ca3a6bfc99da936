package dev.millrace.testkit.soak;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.testkit.conformance.RandomPipeline;
import dev.millrace.testkit.conformance.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs that are all alive at the same moment: many small random ones, whose functions wait for each
 * other at a gate, and one long one of each course.
 */
final class Wave {

  /** The prefix of the names of the soak's own threads. */
  static final String OWN = "soak";

  private static final int LOOK_MILLIS = 100;

  /** An attempt, and the task that makes it. */
  private record Started(Attempt<?> attempt, FutureTask<Outcome> task) {}

  private final SoakSettings settings;
  private final Engine engine;
  private final Context root;
  private final Plant plant;
  private final CountDownLatch gate = new CountDownLatch(1);
  private final CountDownLatch open = new CountDownLatch(0);
  private final long firstThread = Threads.nextId();
  private final List<Started> started = new ArrayList<>();
  private int alive;

  Wave(SoakSettings settings, Engine engine, Context root, Plant plant) {
    this.settings = settings;
    this.engine = engine;
    this.root = root;
    this.plant = plant;
  }

  /** The number of runs of a wave. */
  static int size(SoakSettings settings) {
    return settings.atOnce() + Course.values().length;
  }

  /** The number of runs that were alive when the gate was opened. */
  int alive() {
    return alive;
  }

  /** Runs all pipelines, checks each run, and checks that no thread is left. */
  Outcome run(long firstSeed) throws Exception {
    long seed = firstSeed;
    for (RandomPipeline random : RandomPipeline.draw(firstSeed, settings.atOnce())) {
      start(new Attempt<>(seed++, engine, new RandomSubject(random), gate, plant));
    }
    for (Course course : Course.values()) {
      var random = new SplittableRandom(seed);
      var subject = LongSubject.draw(course, settings.elements(), random);
      start(new Attempt<>(seed++, engine, subject, open, plant));
    }
    started.forEach(each -> each.attempt().awaitStart());
    alive = (int) started.stream().filter(each -> each.attempt().isRunning()).count();
    gate.countDown();
    Outcome all = Outcome.EMPTY;
    for (Started each : started) {
      all = all.plus(end(each));
    }
    started.clear(); // the JDK's scheduler forgets threads late, and they know the wave
    checkThreads();
    return all;
  }

  private void start(Attempt<?> attempt) {
    var task = new FutureTask<>(() -> attempt.run(root));
    Thread.ofVirtual().name(OWN).start(task);
    started.add(new Started(attempt, task));
  }

  /** A number of checks, not of seconds: a process that was stopped for a while is no hang. */
  private Outcome end(Started one) throws Exception {
    for (int i = 0; i < plant.patience(); i++) {
      try {
        return one.task().get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        // the next check sees it
      } catch (ExecutionException e) {
        throw new AssertionError(one.attempt().toString(), e.getCause());
      }
    }
    throw new AssertionError(
        "a run has not ended: %s\nthreads:\n%s"
            .formatted(one.attempt().explain(), String.join("\n", left())));
  }

  /** A thread ends within a moment after its last report. */
  private void checkThreads() throws InterruptedException {
    for (int i = 0; i < plant.patienceWithThreads() && !left().isEmpty(); i++) {
      Thread.sleep(LOOK_MILLIS); // there is nothing to be notified by
    }
    List<String> left = left();
    if (!left.isEmpty()) {
      throw new AssertionError("threads are left: " + String.join("\n", left));
    }
  }

  private List<String> left() {
    return Threads.alive().stream()
        .filter(thread -> thread.threadId() >= firstThread)
        .filter(thread -> !thread.getName().equals(OWN))
        .limit(20)
        .map(Threads::describe)
        .toList();
  }
}
