package dev.millrace.stress.canary;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A channel of one place without a lock: an element is taken twice, and the harness must see it.
 */
@JCStressTest
@Outcome(
    id = {"1, 0", "0, 1"},
    expect = ACCEPTABLE,
    desc = "one of them has it")
@Outcome(expect = FORBIDDEN, desc = "taken twice")
@State
public class UnsynchronisedSlot {

  private int slot = 1;

  private int take() {
    int element = slot;
    slot = 0;
    return element;
  }

  @Actor
  public void one(II_Result result) {
    result.r1 = take();
  }

  @Actor
  public void other(II_Result result) {
    result.r2 = take();
  }
}
