package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import dev.millrace.sync.SingleFlight;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Calls share an execution or have one of their own, and nothing is left of it. */
public class SingleFlightRaces {

  private SingleFlightRaces() {}

  private static int call(
      SingleFlight<String, Integer> flights, Context context, Callable<Integer> function) {
    return Codes.code(
        () -> {
          try {
            return flights.call("key", context, function).value();
          } catch (ExecutionException e) {
            return Codes.NOTHING;
          }
        });
  }

  /** Two calls: one execution, or one after the other. */
  @JCStressTest
  @Outcome(
      id = {"1, 1, 0", "1, 2, 0", "2, 1, 0"},
      expect = ACCEPTABLE,
      desc = "a value each")
  @Outcome(expect = FORBIDDEN, desc = "no value, or something is left")
  @State
  public static class TwoCalls {
    private final SingleFlight<String, Integer> flights = new SingleFlight<>();
    private final AtomicInteger executions = new AtomicInteger();

    @Actor
    public void one(III_Result result) {
      result.r1 = call(flights, Context.background(), executions::incrementAndGet);
    }

    @Actor
    public void other(III_Result result) {
      result.r2 = call(flights, Context.background(), executions::incrementAndGet);
    }

    @Arbiter
    public void left(III_Result result) {
      result.r3 = flights.size();
    }
  }

  /** A call and a forget. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "a value")
  @Outcome(expect = FORBIDDEN, desc = "no value, or something is left")
  @State
  public static class CallAndForget {
    private final SingleFlight<String, Integer> flights = new SingleFlight<>();

    @Actor
    public void caller(II_Result result) {
      result.r1 = call(flights, Context.background(), () -> 1);
    }

    @Actor
    public void forgetter() {
      flights.forget("key");
    }

    @Arbiter
    public void left(II_Result result) {
      result.r2 = flights.size();
    }
  }

  /** A caller that is cancelled does not take the value from one that goes on waiting. */
  @JCStressTest
  @Outcome(
      id = {"-2, 1, 0", "1, 1, 0"},
      expect = ACCEPTABLE,
      desc = "cancelled, or a value")
  @Outcome(expect = FORBIDDEN, desc = "the other one has no value, or something is left")
  @State
  public static class CancelledCaller {
    private final SingleFlight<String, Integer> flights = new SingleFlight<>();
    private final CancellableContext context = Context.background().withCancel();

    /** Cancels one caller, and obeys a cancel that should not come while the other one waits. */
    private int execute() throws InterruptedException {
      context.cancel();
      for (int i = 0; i < 20; i++) {
        Thread.yield(); // so that the caller leaves meanwhile
      }
      if (Thread.interrupted() || Context.current().isCancelled()) {
        throw new InterruptedException();
      }
      return 1;
    }

    @Actor
    public void cancelled(III_Result result) {
      result.r1 = call(flights, context, this::execute);
    }

    @Actor
    public void other(III_Result result) {
      result.r2 = call(flights, Context.background(), this::execute);
    }

    @Arbiter
    public void left(III_Result result) {
      for (int i = 0; i < 100_000 && flights.size() > 0; i++) {
        Thread.yield(); // an execution that its only caller has left keeps its key until it ends
      }
      result.r3 = flights.size();
    }
  }
}
