package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Channel;
import java.io.IOException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** What is written before a close is seen by whoever is told that the channel is closed. */
public class CloseHappensBefore {

  private CloseHappensBefore() {}

  /** Told to a receive that does not wait, and to a send. */
  @JCStressTest
  @Outcome(
      id = {"-1, -1", "-1, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "seen, if closed")
  @Outcome(expect = FORBIDDEN, desc = "closed, but the write is not seen, or open again")
  @State
  public static class Attempts {
    private final Channel<Integer> channel = Codes.filled(1, 0);
    private int plain;

    @Actor
    public void closer() {
      plain = 1;
      channel.close();
    }

    @Actor
    public void other(II_Result result) {
      result.r1 = Codes.tryReceive(channel) == Codes.CLOSED ? plain : -1;
      result.r2 = Codes.trySend(channel, 5) == Codes.CLOSED ? plain : -1;
    }
  }

  /** Told to a receive that may wait, with the cause. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "seen, with the cause")
  @Outcome(expect = FORBIDDEN, desc = "the write or the cause is not seen")
  @State
  public static class Waiting {
    private final Channel<Integer> channel = Channel.rendezvous();
    private int plain;

    @Actor
    public void closer() {
      plain = 1;
      channel.close(new IOException("stop"));
    }

    @Actor
    public void receiver(II_Result result) {
      result.r1 = Codes.receive(channel) == Codes.CLOSED ? plain : -1;
      result.r2 = channel.closeCause() == null ? 0 : 1;
    }
  }

  /** Told by isClosed. */
  @JCStressTest
  @Outcome(
      id = {"-1", "1"},
      expect = ACCEPTABLE,
      desc = "seen, if closed")
  @Outcome(expect = FORBIDDEN, desc = "closed, but the write is not seen")
  @State
  public static class Asked {
    private final Channel<Integer> channel = Channel.rendezvous();
    private int plain;

    @Actor
    public void closer() {
      plain = 1;
      channel.close();
    }

    @Actor
    public void other(I_Result result) {
      result.r1 = channel.isClosed() ? plain : -1;
    }
  }
}
