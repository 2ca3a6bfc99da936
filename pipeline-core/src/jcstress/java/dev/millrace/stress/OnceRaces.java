package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.sync.Once;
import java.util.concurrent.ExecutionException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** A function that succeeds runs once; one that fails is told of and tried again. */
public class OnceRaces {

  private OnceRaces() {}

  private static final int FAILED = -1;

  private static int get(Once<Integer> once) {
    return Codes.code(
        () -> {
          try {
            return once.get();
          } catch (ExecutionException e) {
            return FAILED;
          }
        });
  }

  /** Two callers. */
  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "both see what one run has done")
  @Outcome(expect = FORBIDDEN, desc = "two runs, or one caller does not see what it did")
  @State
  public static class TwoCallers {
    private int runs;
    private final Once<Integer> once = new Once<>(() -> ++runs);

    @Actor
    public void one(III_Result result) {
      get(once);
      result.r1 = runs;
    }

    @Actor
    public void other(III_Result result) {
      result.r2 = get(once);
    }

    @Arbiter
    public void runs(III_Result result) {
      result.r3 = runs;
    }
  }

  /** The value is there, and what the function did is seen, once isDone says so. */
  @JCStressTest
  @Outcome(
      id = {"-1", "1"},
      expect = ACCEPTABLE,
      desc = "seen, if done")
  @Outcome(expect = FORBIDDEN, desc = "done, but the write is not seen")
  @State
  public static class Done {
    private int plain;
    private final Once<Integer> once = new Once<>(() -> plain = 1);

    @Actor
    public void caller() {
      get(once);
    }

    @Actor
    public void other(I_Result result) {
      result.r1 = once.isDone() ? plain : -1;
    }
  }

  /** The first run fails: a caller that did not wait for it has a run of its own. */
  @JCStressTest
  @Outcome(
      id = {"-1, -1, 2", "-1, 2, 2", "2, -1, 2"},
      expect = ACCEPTABLE,
      desc = "a failure for those who waited, and another try")
  @Outcome(expect = FORBIDDEN, desc = "the failure is lost, or there are more tries than callers")
  @State
  public static class Failure {
    private int runs;
    private final Once<Integer> once =
        new Once<>(
            () -> {
              if (++runs == 1) {
                throw new IllegalStateException("the first run fails");
              }
              return runs;
            });

    @Actor
    public void one(III_Result result) {
      result.r1 = get(once);
    }

    @Actor
    public void other(III_Result result) {
      result.r2 = get(once);
    }

    @Arbiter
    public void later(III_Result result) {
      result.r3 = get(once);
    }
  }
}
