package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.context.Context;
import dev.millrace.sync.TaskGroup;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A group has one first failure, and no task is alive once it is closed. */
public class TaskGroupRaces {

  private TaskGroupRaces() {}

  private static final Exception FIRST = new Exception("first");
  private static final Exception SECOND = new Exception("second");

  private static int number(@Nullable Throwable cause) {
    return cause == FIRST ? 1 : cause == SECOND ? 2 : 0;
  }

  /** Two tasks that fail: what join throws is what has cancelled the group. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "2, 2"},
      expect = ACCEPTABLE,
      desc = "one first failure")
  @Outcome(expect = FORBIDDEN, desc = "two first failures, or none")
  @State
  public static class TwoFailures {
    private final TaskGroup group = TaskGroup.open(Context.background());

    private void fail(Exception failure) {
      Codes.code(
          () -> {
            group.fork(
                () -> {
                  throw failure;
                });
            return Codes.NOTHING;
          });
    }

    @Actor
    public void one() {
      fail(FIRST);
    }

    @Actor
    public void other() {
      fail(SECOND);
    }

    @Arbiter
    public void join(II_Result result) {
      try {
        group.join();
      } catch (ExecutionException e) {
        result.r1 = number(e.getCause());
      } catch (InterruptedException e) {
        result.r1 = -1;
      }
      result.r2 = number(group.context().cause());
      group.close();
    }
  }

  /**
   * A fork while the group is closed: refused, not run, or run to its end before the close returns.
   */
  @JCStressTest
  @Outcome(
      id = {"-1, 0", "1, 0"},
      expect = ACCEPTABLE,
      desc = "refused, or over")
  @Outcome(expect = FORBIDDEN, desc = "a task was alive after the close")
  @State
  public static class ForkAndClose {
    private final TaskGroup group = TaskGroup.open(Context.background());
    private final AtomicInteger alive = new AtomicInteger();
    private final AtomicInteger begun = new AtomicInteger();
    private int begunAtTheClose;
    private int aliveAfterTheClose;

    @Actor
    public void forker(II_Result result) {
      result.r1 =
          Codes.code(
              () -> {
                try {
                  group.fork(
                      () -> {
                        begun.incrementAndGet();
                        alive.incrementAndGet();
                        Thread.yield();
                        return alive.decrementAndGet();
                      });
                  return 1;
                } catch (IllegalStateException e) {
                  return -1;
                }
              });
    }

    @Actor
    public void closer() {
      group.close();
      begunAtTheClose = begun.get();
      aliveAfterTheClose = alive.get();
    }

    @Arbiter
    public void late(II_Result result) {
      result.r2 = aliveAfterTheClose + begun.get() - begunAtTheClose;
    }
  }

  /** Two attempts at the last place. */
  @JCStressTest
  @Outcome(
      id = {"true, false", "false, true"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "both, or none")
  @State
  public static class LastPlace {
    private final TaskGroup group = TaskGroup.open(Context.background()).limit(1);
    private final CountDownLatch end = new CountDownLatch(1);

    private boolean fork() {
      return group.tryFork(
              () -> {
                end.await();
                return 0;
              })
          != null;
    }

    @Actor
    public void one(ZZ_Result result) {
      result.r1 = fork();
    }

    @Actor
    public void other(ZZ_Result result) {
      result.r2 = fork();
    }

    @Arbiter
    public void end() {
      end.countDown();
      group.close();
    }
  }
}
