package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** An attempt never fails while what it needs is there, whoever else is at work. */
public class NeverSpurious {

  private NeverSpurious() {}

  /** A full channel gives its element; whether there is room for another is a matter of time. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "1, 9"},
      expect = ACCEPTABLE,
      desc = "received; sent if there was room")
  @Outcome(expect = FORBIDDEN, desc = "the element that is there was not received")
  @State
  public static class Full {
    private final Channel<Integer> channel = Codes.filled(1, 1);

    @Actor
    public void receiver(II_Result result) {
      result.r1 = Codes.tryReceive(channel);
    }

    @Actor
    public void sender(II_Result result) {
      result.r2 = Codes.trySend(channel, 2);
    }
  }

  /** Half full: both are possible. */
  @JCStressTest
  @Outcome(id = "1, 9", expect = ACCEPTABLE, desc = "both")
  @Outcome(expect = FORBIDDEN, desc = "one of both failed for no reason")
  @State
  public static class HalfFull {
    private final Channel<Integer> channel = Codes.filled(2, 1);

    @Actor
    public void receiver(II_Result result) {
      result.r1 = Codes.tryReceive(channel);
    }

    @Actor
    public void sender(II_Result result) {
      result.r2 = Codes.trySend(channel, 2);
    }
  }

  /** Two receivers, two elements that were sent before and after another was received. */
  @JCStressTest
  @Outcome(
      id = {"2, 3", "3, 2"},
      expect = ACCEPTABLE,
      desc = "one each")
  @Outcome(expect = FORBIDDEN, desc = "one of them twice, or not at all")
  @State
  public static class TwoReceivers {
    private final Channel<Integer> channel = Codes.filled(4, 2);

    public TwoReceivers() {
      channel.tryReceive();
      channel.trySend(3);
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = Codes.tryReceive(channel);
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = Codes.tryReceive(channel);
    }
  }

  /** Two senders, two places. */
  @JCStressTest
  @Outcome(id = "9, 9", expect = ACCEPTABLE, desc = "both")
  @Outcome(expect = FORBIDDEN, desc = "one of both failed for no reason")
  @State
  public static class TwoSenders {
    private final Channel<Integer> channel = Codes.filled(3, 3);

    public TwoSenders() {
      channel.tryReceive();
      channel.tryReceive();
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = Codes.trySend(channel, 4);
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = Codes.trySend(channel, 5);
    }
  }

  /** Elements come before the end. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "received")
  @Outcome(expect = FORBIDDEN, desc = "told the end before the element")
  @State
  public static class Closing {
    private final Channel<Integer> channel = Codes.filled(1, 1);

    @Actor
    public void receiver(I_Result result) {
      result.r1 = Codes.tryReceive(channel);
    }

    @Actor
    public void closer() {
      channel.close();
    }
  }

  /** A sender that waits is served by an attempt. */
  @JCStressTest
  @Outcome(id = "9, 1", expect = ACCEPTABLE, desc = "received from the waiting sender")
  @Outcome(expect = FORBIDDEN, desc = "the waiting sender was not seen")
  @State
  public static class WaitingSender {
    private final Channel<Integer> channel = Channel.rendezvous();

    @Actor
    public void sender(II_Result result) {
      result.r1 = Codes.send(channel, 1);
    }

    @Actor
    public void receiver(II_Result result) {
      while (channel.waitingSenders() == 0) {
        Thread.yield();
      }
      result.r2 = Codes.tryReceive(channel);
    }
  }

  /** A receiver that waits is served by an attempt. */
  @JCStressTest
  @Outcome(id = "9, 1", expect = ACCEPTABLE, desc = "sent to the waiting receiver")
  @Outcome(expect = FORBIDDEN, desc = "the waiting receiver was not seen")
  @State
  public static class WaitingReceiver {
    private final Channel<Integer> channel = Channel.rendezvous();

    @Actor
    public void sender(II_Result result) {
      while (channel.waitingReceivers() == 0) {
        Thread.yield();
      }
      result.r1 = Codes.trySend(channel, 1);
    }

    @Actor
    public void receiver(II_Result result) {
      result.r2 = Codes.receive(channel);
    }
  }

  /** A default clause does not run while one of two clauses has an element, though they change. */
  @JCStressTest
  @Outcome(
      id = {"1, 9", "2, 9"},
      expect = ACCEPTABLE,
      desc = "an element")
  @Outcome(expect = FORBIDDEN, desc = "the default clause ran")
  @State
  public static class DefaultClause {
    private final Channel<Integer> one = Codes.filled(1, 0);
    private final Channel<Integer> other = Codes.filled(1, 1);

    @Actor
    public void selector(II_Result result) {
      result.r1 =
          Codes.code(
              () ->
                  new Select<Integer>()
                      .onReceive(one, element -> element)
                      .onReceive(other, element -> element)
                      .onDefault(() -> Codes.NOTHING)
                      .select());
    }

    /** Makes one channel ready before it empties the other: one of both is always ready. */
    @Actor
    public void mover(II_Result result) {
      result.r2 = Codes.trySend(one, 2);
      Codes.tryReceive(other);
    }
  }
}
