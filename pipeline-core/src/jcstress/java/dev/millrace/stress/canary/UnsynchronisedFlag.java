package dev.millrace.stress.canary;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A flag without memory order: the write before it is missed, and the harness must see it. */
@JCStressTest
@Outcome(id = "-1", expect = ACCEPTABLE, desc = "not set yet")
@Outcome(id = "1", expect = ACCEPTABLE, desc = "seen")
@Outcome(expect = FORBIDDEN, desc = "set, but the write before is not seen")
@State
public class UnsynchronisedFlag {

  private int plain;
  private boolean flag;

  @Actor
  public void writer() {
    plain = 1;
    flag = true;
  }

  @Actor
  public void reader(I_Result result) {
    result.r1 = flag ? plain : -1;
  }
}
