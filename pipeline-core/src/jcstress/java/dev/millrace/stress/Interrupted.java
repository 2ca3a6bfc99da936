package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Select;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * An operation and an interrupt: it happened and the interrupt is still to be seen, or it did not
 * happen and the exception told of the interrupt. The thread that is interrupted does not leave its
 * actor before the interrupt has come.
 */
public class Interrupted {

  private Interrupted() {}

  /** The thread of one actor, to be interrupted by another one. */
  static class Victim {
    private volatile @Nullable Thread thread;
    private volatile boolean interrupted;

    /**
     * Runs the operation; the status that the interrupt has left, as 0 or 1, goes to the result.
     */
    final int run(Codes.Operation operation) {
      thread = Thread.currentThread();
      return Codes.code(operation);
    }

    final int status() {
      while (!interrupted) {
        Thread.yield();
      }
      return Thread.interrupted() ? 1 : 0;
    }

    final void interrupt() {
      Thread victim;
      while ((victim = thread) == null) {
        Thread.yield();
      }
      victim.interrupt();
      interrupted = true;
    }
  }

  /** A receive. */
  @JCStressTest
  @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "received, the interrupt is kept")
  @Outcome(id = "-2, 0, 1", expect = ACCEPTABLE, desc = "interrupted, the element is there")
  @Outcome(expect = FORBIDDEN, desc = "the element or the interrupt is lost")
  @State
  public static class Receive extends Victim {
    private final Channel<Integer> channel = Codes.filled(1, 0);

    @Actor
    public void receiver(III_Result result) {
      result.r1 = run(channel::receive);
      result.r2 = status();
    }

    @Actor
    public void sender() {
      channel.trySend(1);
    }

    @Actor
    public void interrupter() {
      interrupt();
    }

    @Arbiter
    public void rest(III_Result result) {
      result.r3 = Codes.drain(channel);
    }
  }

  /** A send. */
  @JCStressTest
  @Outcome(id = "9, 1, 1", expect = ACCEPTABLE, desc = "sent, the interrupt is kept")
  @Outcome(id = "-2, 0, 0", expect = ACCEPTABLE, desc = "interrupted, and not sent")
  @Outcome(expect = FORBIDDEN, desc = "the element or the interrupt is lost")
  @State
  public static class Send extends Victim {
    private final Channel<Integer> channel = Codes.filled(1, 1);

    @Actor
    public void sender(III_Result result) {
      result.r1 =
          run(
              () -> {
                channel.send(2);
                return Codes.SENT;
              });
      result.r2 = status();
    }

    @Actor
    public void receiver() {
      channel.tryReceive();
    }

    @Actor
    public void interrupter() {
      interrupt();
    }

    @Arbiter
    public void rest(III_Result result) {
      result.r3 = Codes.drain(channel);
    }
  }

  /** A select. */
  @JCStressTest
  @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "received, the interrupt is kept")
  @Outcome(id = "-2, 0, 1", expect = ACCEPTABLE, desc = "interrupted, the element is there")
  @Outcome(expect = FORBIDDEN, desc = "the element or the interrupt is lost")
  @State
  public static class Selecting extends Victim {
    private final Channel<Integer> channel = Codes.filled(1, 0);

    @Actor
    public void selector(III_Result result) {
      result.r1 =
          run(
              () ->
                  new Select<Integer>()
                      .onReceive(Channel.<Integer>never(), element -> element)
                      .onReceive(channel, element -> element)
                      .select());
      result.r2 = status();
    }

    @Actor
    public void sender() {
      channel.trySend(1);
    }

    @Actor
    public void interrupter() {
      interrupt();
    }

    @Arbiter
    public void rest(III_Result result) {
      result.r3 = Codes.drain(channel);
    }
  }
}
