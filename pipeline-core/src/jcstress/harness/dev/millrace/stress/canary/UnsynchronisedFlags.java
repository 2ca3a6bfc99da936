package dev.millrace.stress.canary;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A thread that announces that it parks, and one that completes its operation, without memory
 * order: each misses what the other one wrote, a lost wake-up, and the harness must see it.
 */
@JCStressTest
@Outcome(
    id = {"0, 1", "1, 0", "1, 1"},
    expect = ACCEPTABLE,
    desc = "one sees the other")
@Outcome(id = "0, 0", expect = FORBIDDEN, desc = "both miss each other")
@State
public class UnsynchronisedFlags {

  private int parked;
  private int complete;

  @Actor
  public void waiter(II_Result result) {
    parked = 1;
    result.r1 = complete;
  }

  @Actor
  public void completer(II_Result result) {
    complete = 1;
    result.r2 = parked;
  }
}
