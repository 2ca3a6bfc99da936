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

/** What is written before a send is seen by whoever receives that element. */
public class SendHappensBefore {

  private SendHappensBefore() {}

  /** Through a buffer. */
  @JCStressTest
  @Outcome(id = "-1", expect = ACCEPTABLE, desc = "not sent yet")
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "seen")
  @Outcome(expect = FORBIDDEN, desc = "received, but the write is not seen")
  @State
  public static class Buffered {
    private final Channel<Integer> channel = Channel.buffered(2);
    private int plain;

    @Actor
    public void sender() {
      plain = 1;
      channel.trySend(5);
    }

    @Actor
    public void receiver(I_Result result) {
      result.r1 = channel.tryReceive() == null ? -1 : plain;
    }
  }

  /** From hand to hand; both may have to wait. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "seen")
  @Outcome(expect = FORBIDDEN, desc = "received, but the write is not seen")
  @State
  public static class Rendezvous {
    private final Channel<Integer> channel = Channel.rendezvous();
    private int plain;

    @Actor
    public void sender() {
      plain = 1;
      Codes.send(channel, 5);
    }

    @Actor
    public void receiver(I_Result result) {
      result.r1 = Codes.receive(channel) == 5 ? plain : -1;
    }
  }

  /** Through a channel that drops the oldest: the receiver sees what the latest sender wrote. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "the older element")
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "seen")
  @Outcome(expect = FORBIDDEN, desc = "received, but the write is not seen")
  @State
  public static class Conflated {
    private final Channel<Integer> channel = Channel.conflated();
    private int plain;

    public Conflated() {
      channel.trySend(4);
    }

    @Actor
    public void sender() {
      plain = 1;
      channel.trySend(5);
    }

    @Actor
    public void receiver(I_Result result) {
      int received = Codes.tryReceive(channel);
      result.r1 = received == 4 ? 0 : received == 5 && plain == 1 ? 1 : -1;
    }
  }

  /** From select to select. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "seen")
  @Outcome(expect = FORBIDDEN, desc = "received, but the write is not seen")
  @State
  public static class Selected {
    private final Channel<Integer> channel = Channel.rendezvous();
    private int plain;

    @Actor
    public void sender() {
      plain = 1;
      Codes.code(
          () ->
              new Select<Integer>()
                  .onSend(channel, 5, () -> Codes.SENT)
                  .onReceive(Channel.<Integer>never(), element -> element)
                  .select());
    }

    @Actor
    public void receiver(I_Result result) {
      result.r1 =
          Codes.code(
              () ->
                  new Select<Integer>()
                      .onReceive(Channel.<Integer>never(), element -> element)
                      .onReceive(channel, element -> plain)
                      .select());
    }
  }
}
