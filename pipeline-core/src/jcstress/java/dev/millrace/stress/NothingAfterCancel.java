package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Nothing is taken, and nothing is sent, once the cancellation has come. */
public class NothingAfterCancel {

  private NothingAfterCancel() {}

  /** An element that was sent after the cancel is not taken. */
  @JCStressTest
  @Outcome(id = "-2", expect = ACCEPTABLE, desc = "cancelled")
  @Outcome(expect = FORBIDDEN, desc = "took what was sent after the cancel")
  @State
  public static class Receive {
    private final Channel<Integer> channel = Codes.filled(1, 0);
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void receiver(I_Result result) {
      result.r1 = Codes.receive(channel, context);
    }

    @Actor
    public void canceller() {
      context.cancel();
      channel.trySend(1);
    }
  }

  /** The place that became free after the cancel is not taken. */
  @JCStressTest
  @Outcome(id = "-2", expect = ACCEPTABLE, desc = "cancelled")
  @Outcome(expect = FORBIDDEN, desc = "sent after the cancel")
  @State
  public static class Send {
    private final Channel<Integer> channel = Codes.filled(1, 1);
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void sender(I_Result result) {
      result.r1 = Codes.send(channel, 2, context);
    }

    @Actor
    public void canceller() {
      context.cancel();
      channel.tryReceive();
    }
  }

  /** An element that a third thread sends, which has seen the cancel, is not taken. */
  @JCStressTest
  @Outcome(id = "-2, 0", expect = ACCEPTABLE, desc = "cancelled, and nobody took the element")
  @Outcome(expect = FORBIDDEN, desc = "took what was sent after the cancel was seen")
  @State
  public static class SeenByAnother {
    private final Channel<Integer> channel = Channel.rendezvous();
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void receiver(II_Result result) {
      result.r1 = Codes.receive(channel, context);
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Actor
    public void observer(II_Result result) {
      result.r2 = context.isCancelled() ? Codes.trySend(channel, 7) : 0;
    }
  }

  /** The same for a select. */
  @JCStressTest
  @Outcome(id = "-2, 0", expect = ACCEPTABLE, desc = "cancelled, and nobody took the element")
  @Outcome(expect = FORBIDDEN, desc = "took what was sent after the cancel was seen")
  @State
  public static class SeenByAnotherThanASelect {
    private final Channel<Integer> channel = Channel.rendezvous();
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void receiver(II_Result result) {
      result.r1 =
          Codes.code(
              () ->
                  new Select<Integer>()
                      .onReceive(channel, element -> element)
                      .onDone(context, () -> Codes.STOPPED)
                      .select());
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Actor
    public void observer(II_Result result) {
      result.r2 = context.isCancelled() ? Codes.trySend(channel, 7) : 0;
    }
  }
}
