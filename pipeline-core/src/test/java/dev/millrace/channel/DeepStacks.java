package dev.millrace.channel;

import dev.millrace.channel.StackTrials.Body;
import dev.millrace.channel.StackTrials.Trial;
import java.time.Duration;
import java.util.List;

/**
 * A JVM whose stacks overflow: a thread recurs to the end of its stack, and does an operation in
 * each frame on the way down and on the way up. Prints "whole" if no element was lost or doubled,
 * and no thread was left waiting; otherwise it prints the fault.
 */
final class DeepStacks {

  /** How often each operation meets the end of a stack. */
  private static final int ROUNDS = 3;

  private DeepStacks() {}

  /** Goes down to the end of the stack; frames of other sizes, so that it meets other places. */
  private static int down(Trial trial, int depth, int from, int size, long a, long b) {
    if (depth >= from) {
      trial.step();
    }
    int deepest = depth;
    try {
      deepest =
          (depth + size) % 3 == 0
              ? wider(trial, depth + 1, from, size, a, b, a + b, a - b)
              : down(trial, depth + 1, from, size, a + 1, b);
    } catch (StackOverflowError e) {
      // this is the last frame
    }
    if (deepest - depth < 60) {
      trial.step();
    }
    return deepest;
  }

  private static int wider(
      Trial trial, int depth, int from, int size, long a, long b, long c, long d) {
    return down(trial, depth, from, size, a + c, b + d);
  }

  private static final class Nothing extends Trial {
    @Override
    void attempt(int number) {}
  }

  public static void main(String[] args) throws Exception {
    try {
      for (boolean virtual : new boolean[] {false, true}) {
        for (int round = 0; round < ROUNDS; round++) {
          int deepest = deepest(virtual, round);
          for (Trial trial : StackTrials.all()) {
            trial.begin();
            for (boolean each : new boolean[] {true, false}) { // links its calls
              run(each, trial::step, trial);
              run(each, trial::step, trial);
            }
            run(virtual, () -> down(trial, 0, deepest - 250, trial.next % 3, 1, 2), trial);
            run(false, trial::check, trial);
            if (trial.unexpected != null) {
              throw new AssertionError(
                  trial.getClass().getSimpleName() + (virtual ? ", virtual" : ""),
                  trial.unexpected);
            }
          }
        }
      }
      int overflows = StackTrials.overflows();
      System.out.print(overflows > 1_000 ? "whole" : "only " + overflows + " overflows");
    } catch (Throwable e) {
      e.printStackTrace(System.out);
    }
    System.exit(0);
  }

  private static int deepest(boolean virtual, int round) throws Exception {
    int[] deepest = new int[1];
    Trial nothing = new Nothing();
    run(virtual, () -> deepest[0] = down(nothing, 0, 0, round, 1, 2), nothing);
    return deepest[0];
  }

  private static void run(boolean virtual, Body body, Trial trial) throws InterruptedException {
    Thread thread =
        (virtual ? Thread.ofVirtual() : Thread.ofPlatform().daemon())
            .start(
                () -> {
                  try {
                    body.run();
                  } catch (Throwable e) {
                    trial.unexpected = e;
                  }
                });
    if (!thread.join(Duration.ofSeconds(50))) {
      throw new AssertionError(
          "%s has not ended: a lock is held, or a waiting thread was not woken%n%s"
              .formatted(trial.getClass().getSimpleName(), List.of(thread.getStackTrace())));
    }
  }
}
