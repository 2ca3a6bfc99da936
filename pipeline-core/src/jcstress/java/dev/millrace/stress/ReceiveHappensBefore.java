package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * On a rendezvous channel the receive happens before the send returns; with capacity n, the k-th
 * receive happens before the (k+n)-th send returns: what the receiver wrote before is seen.
 */
public class ReceiveHappensBefore {

  private ReceiveHappensBefore() {}

  /** The send returns after the receive. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "seen")
  @Outcome(expect = FORBIDDEN, desc = "the send returned, but the write is not seen")
  @State
  public static class Rendezvous {
    private final Channel<Integer> channel = Channel.rendezvous();
    private int plain;

    @Actor
    public void receiver() {
      plain = 1;
      Codes.receive(channel);
    }

    @Actor
    public void sender(I_Result result) {
      Codes.send(channel, 5);
      result.r1 = plain;
    }
  }

  /** As above, with selects on both sides. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "seen")
  @Outcome(expect = FORBIDDEN, desc = "the send returned, but the write is not seen")
  @State
  public static class Selected {
    private final Channel<Integer> channel = Channel.rendezvous();
    private int plain;

    @Actor
    public void receiver() {
      plain = 1;
      Codes.code(() -> new Select<Integer>().onReceive(channel, element -> element).select());
    }

    @Actor
    public void sender(I_Result result) {
      result.r1 = Codes.code(() -> new Select<Integer>().onSend(channel, 5, () -> plain).select());
    }
  }

  /** The second send into one place returns after the first receive. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "seen")
  @Outcome(expect = FORBIDDEN, desc = "the send returned, but the write is not seen")
  @State
  public static class CapacityOne {
    private final Channel<Integer> channel = Codes.filled(1, 1);
    private int plain;

    @Actor
    public void receiver() {
      plain = 1;
      Codes.receive(channel);
    }

    @Actor
    public void sender(I_Result result) {
      Codes.send(channel, 2);
      result.r1 = plain;
    }
  }

  /** The third send into two places, if there is room. */
  @JCStressTest
  @Outcome(
      id = {"-1", "1"},
      expect = ACCEPTABLE,
      desc = "seen, if sent")
  @Outcome(expect = FORBIDDEN, desc = "sent, but the write is not seen")
  @State
  public static class CapacityTwo {
    private final Channel<Integer> channel = Codes.filled(2, 2);
    private int plain;

    @Actor
    public void receiver() {
      plain = 1;
      Codes.tryReceive(channel);
    }

    @Actor
    public void sender(I_Result result) {
      result.r1 = channel.trySend(3) ? plain : -1;
    }
  }
}
