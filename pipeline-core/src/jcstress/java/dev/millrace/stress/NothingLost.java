package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Channel;
import dev.millrace.context.CancellableContext;
import dev.millrace.context.Context;
import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** A send, a receive and something that ends one of them: it happened, or it did not. */
public class NothingLost {

  private NothingLost() {}

  /** Attempts and a close. */
  @JCStressTest
  @Outcome(id = "9, 1, 0", expect = ACCEPTABLE, desc = "sent and received")
  @Outcome(id = "9, 0, 1", expect = ACCEPTABLE, desc = "sent, and still there")
  @Outcome(id = "-1, 0, 0", expect = ACCEPTABLE, desc = "not sent, the receiver came first")
  @Outcome(id = "-1, -1, 0", expect = ACCEPTABLE, desc = "not sent")
  @Outcome(expect = FORBIDDEN, desc = "lost, or from nowhere")
  @State
  public static class AttemptsAndClose {
    private final Channel<Integer> channel = Codes.filled(1, 0);

    @Actor
    public void sender(III_Result result) {
      result.r1 = Codes.trySend(channel, 1);
    }

    @Actor
    public void receiver(III_Result result) {
      result.r2 = Codes.tryReceive(channel);
    }

    @Actor
    public void closer() {
      channel.close();
    }

    @Arbiter
    public void rest(III_Result result) {
      result.r3 = Codes.drain(channel);
    }
  }

  /** Waiting on both sides, and a close. */
  @JCStressTest
  @Outcome(id = "9, 1", expect = ACCEPTABLE, desc = "sent and received")
  @Outcome(id = "-1, -1", expect = ACCEPTABLE, desc = "closed for both")
  @Outcome(expect = FORBIDDEN, desc = "lost, or from nowhere")
  @State
  public static class MeetingAndClose {
    private final Channel<Integer> channel = Channel.rendezvous();

    @Actor
    public void sender(II_Result result) {
      result.r1 = Codes.send(channel, 1);
    }

    @Actor
    public void receiver(II_Result result) {
      result.r2 = Codes.receive(channel);
    }

    @Actor
    public void closer() {
      channel.close();
    }
  }

  /** A receive that is cancelled while an element comes. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "received")
  @Outcome(id = "-2, 1", expect = ACCEPTABLE, desc = "cancelled, and still there")
  @Outcome(expect = FORBIDDEN, desc = "lost, or from nowhere")
  @State
  public static class ReceiveAndCancel {
    private final Channel<Integer> channel = Codes.filled(1, 0);
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void receiver(II_Result result) {
      result.r1 = Codes.receive(channel, context);
    }

    @Actor
    public void sender() {
      channel.trySend(1);
    }

    @Actor
    public void canceller() {
      context.cancel();
    }

    @Arbiter
    public void rest(II_Result result) {
      result.r2 = Codes.drain(channel);
    }
  }

  /** A send that is cancelled while a receiver comes. */
  @JCStressTest
  @Outcome(id = "9, 1", expect = ACCEPTABLE, desc = "sent and received")
  @Outcome(id = "-2, 0", expect = ACCEPTABLE, desc = "cancelled, and not received")
  @Outcome(expect = FORBIDDEN, desc = "lost, or from nowhere")
  @State
  public static class SendAndCancel {
    private final Channel<Integer> channel = Channel.rendezvous();
    private final CancellableContext context = Context.background().withCancel();

    @Actor
    public void sender(II_Result result) {
      result.r1 = Codes.send(channel, 1, context);
    }

    @Actor
    public void receiver(II_Result result) {
      result.r2 = Codes.tryReceive(channel);
    }

    @Actor
    public void canceller() {
      context.cancel();
    }
  }

  /** A receive whose time is over while a sender comes. */
  @JCStressTest
  @Outcome(id = "9, 1", expect = ACCEPTABLE, desc = "sent and received")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "missed each other")
  @Outcome(expect = FORBIDDEN, desc = "lost, or from nowhere")
  @State
  public static class ReceiveAndTimeout {
    private final Channel<Integer> channel = Channel.rendezvous();

    @Actor
    public void sender(II_Result result) {
      result.r1 = Codes.trySend(channel, 1);
    }

    @Actor
    public void receiver(II_Result result) {
      result.r2 =
          Codes.code(
              () -> {
                Integer element = channel.tryReceive(Duration.ofNanos(500));
                return element == null ? Codes.NOTHING : element;
              });
    }
  }

  /** A send whose time is over while a receiver comes. */
  @JCStressTest
  @Outcome(id = "9, 1", expect = ACCEPTABLE, desc = "sent and received")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "missed each other")
  @Outcome(expect = FORBIDDEN, desc = "lost, or from nowhere")
  @State
  public static class SendAndTimeout {
    private final Channel<Integer> channel = Channel.rendezvous();

    @Actor
    public void sender(II_Result result) {
      result.r1 =
          Codes.code(() -> channel.trySend(1, Duration.ofNanos(500)) ? Codes.SENT : Codes.NOTHING);
    }

    @Actor
    public void receiver(II_Result result) {
      result.r2 = Codes.tryReceive(channel);
    }
  }
}
