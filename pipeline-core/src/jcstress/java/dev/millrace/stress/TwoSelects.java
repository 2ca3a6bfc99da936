package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Selects that share channels: each does exactly one operation, and no element is taken twice. */
public class TwoSelects {

  private TwoSelects() {}

  private static int receiveFromEither(Channel<Integer> one, Channel<Integer> other) {
    return Codes.code(
        () ->
            new Select<Integer>()
                .onReceive(one, element -> element)
                .onReceive(other, element -> element)
                .select());
  }

  private static int attemptEither(Channel<Integer> one, Channel<Integer> other) {
    return Codes.code(
        () ->
            new Select<Integer>()
                .onReceive(one, element -> element)
                .onReceive(other, element -> element)
                .onDefault(() -> Codes.NOTHING)
                .select());
  }

  /** Each sends on the channel that the other one receives from. */
  @JCStressTest
  @Outcome(
      id = {"9, 1", "2, 9"},
      expect = ACCEPTABLE,
      desc = "one exchange")
  @Outcome(expect = FORBIDDEN, desc = "half of an exchange, or two")
  @State
  public static class Crossing {
    private final Channel<Integer> forth = Channel.rendezvous();
    private final Channel<Integer> back = Channel.rendezvous();

    @Actor
    public void one(II_Result result) {
      result.r1 =
          Codes.code(
              () ->
                  new Select<Integer>()
                      .onSend(forth, 1, () -> Codes.SENT)
                      .onReceive(back, element -> element)
                      .select());
    }

    @Actor
    public void other(II_Result result) {
      result.r2 =
          Codes.code(
              () ->
                  new Select<Integer>()
                      .onSend(back, 2, () -> Codes.SENT)
                      .onReceive(forth, element -> element)
                      .select());
    }
  }

  /** Both send and receive on the same channel. */
  @JCStressTest
  @Outcome(
      id = {"9, 1", "2, 9"},
      expect = ACCEPTABLE,
      desc = "one exchange")
  @Outcome(expect = FORBIDDEN, desc = "half of an exchange, or with itself")
  @State
  public static class BothDirections {
    private final Channel<Integer> channel = Channel.rendezvous();

    private int exchange(int element) {
      return Codes.code(
          () ->
              new Select<Integer>()
                  .onSend(channel, element, () -> Codes.SENT)
                  .onReceive(channel, received -> received)
                  .select());
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = exchange(1);
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = exchange(2);
    }
  }

  /** One element for two. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "one of them has it")
  @Outcome(expect = FORBIDDEN, desc = "taken twice, or not at all")
  @State
  public static class OneElement {
    private final Channel<Integer> full = Codes.filled(1, 1);
    private final Channel<Integer> empty = Codes.filled(1, 0);

    @Actor
    public void one(II_Result result) {
      result.r1 = attemptEither(full, empty);
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = attemptEither(empty, full);
    }
  }

  /** One element in each of the channels. */
  @JCStressTest
  @Outcome(
      id = {"1, 2", "2, 1"},
      expect = ACCEPTABLE,
      desc = "one each")
  @Outcome(expect = FORBIDDEN, desc = "taken twice, or a default clause that ran")
  @State
  public static class TwoElements {
    private final Channel<Integer> ones = Codes.filled(1, 1);
    private final Channel<Integer> twos = Codes.filled(1, 0);

    public TwoElements() {
      twos.trySend(2);
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = attemptEither(ones, twos);
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = attemptEither(twos, ones);
    }
  }

  /** Both may wait, for a sender that comes to each channel once. */
  @JCStressTest
  @Outcome(
      id = {"1, 2, 18", "2, 1, 18"},
      expect = ACCEPTABLE,
      desc = "one each")
  @Outcome(expect = FORBIDDEN, desc = "taken twice, or not at all")
  @State
  public static class WaitingForTwo {
    private final Channel<Integer> ones = Channel.rendezvous();
    private final Channel<Integer> twos = Channel.rendezvous();

    @Actor
    public void one(III_Result result) {
      result.r1 = receiveFromEither(ones, twos);
    }

    @Actor
    public void other(III_Result result) {
      result.r2 = receiveFromEither(twos, ones);
    }

    @Actor
    public void sender(III_Result result) {
      result.r3 = Codes.send(ones, 1) + Codes.send(twos, 2);
    }
  }

  /** One channel is closed while the other one gets an element. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "received")
  @Outcome(id = "-1, 1", expect = ACCEPTABLE, desc = "closed, and the element is there")
  @Outcome(expect = FORBIDDEN, desc = "lost, or from nowhere")
  @State
  public static class ElementAndClose {
    private final Channel<Integer> filled = Codes.filled(1, 0);
    private final Channel<Integer> closed = Channel.rendezvous();

    @Actor
    public void selector(II_Result result) {
      result.r1 = receiveFromEither(filled, closed);
    }

    @Actor
    public void sender() {
      filled.trySend(1);
    }

    @Actor
    public void closer() {
      closed.close();
    }

    @Arbiter
    public void rest(II_Result result) {
      result.r2 = Codes.drain(filled);
    }
  }

  /** A select whose time is over while a sender comes. */
  @JCStressTest
  @Outcome(id = "9, 1", expect = ACCEPTABLE, desc = "sent and received")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "missed each other")
  @Outcome(expect = FORBIDDEN, desc = "lost, or from nowhere")
  @State
  public static class Timeout {
    private final Channel<Integer> channel = Channel.rendezvous();

    @Actor
    public void sender(II_Result result) {
      result.r1 = Codes.trySend(channel, 1);
    }

    @Actor
    public void selector(II_Result result) {
      result.r2 =
          Codes.code(
              () ->
                  new Select<Integer>()
                      .onReceive(channel, element -> element)
                      .onTimeout(Duration.ofNanos(500), () -> Codes.NOTHING)
                      .select());
    }
  }
}
