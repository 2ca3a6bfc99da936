package dev.millrace.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.millrace.channel.Channel;
import dev.millrace.channel.Producer;
import dev.millrace.context.Context;
import dev.millrace.sync.Generator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** The end of one side of a bridge is seen on the other one, and nothing is handed over twice. */
public class BridgeRaces {

  private BridgeRaces() {}

  /** A generator that is closed while its producer sends: the send happened, or it did not. */
  @JCStressTest
  @Outcome(id = "1, 9", expect = ACCEPTABLE, desc = "handed over")
  @Outcome(
      id = {"-1, -1", "-1, -2"},
      expect = ACCEPTABLE,
      desc = "closed for both")
  @Outcome(expect = FORBIDDEN, desc = "sent but not received, or the reverse")
  @State
  public static class CloseAndSend {
    private int sent;
    private final Generator<Integer> generator =
        Generator.open(
            Context.background(),
            out ->
                sent =
                    Codes.code(
                        () -> {
                          out.send(1);
                          return Codes.SENT;
                        }));

    @Actor
    public void reader(II_Result result) {
      result.r1 = Codes.code(() -> generator.channel().receive());
    }

    @Actor
    public void closer() {
      generator.close();
    }

    @Arbiter
    public void sent(II_Result result) {
      result.r2 = sent;
    }
  }

  /** Two elements are requested, and sent by the publisher while the reader closes its channel. */
  @JCStressTest
  @Outcome(
      id = {"0, 0, 1", "0, -1, 1"},
      expect = ACCEPTABLE,
      desc = "ended, and unsubscribed")
  @Outcome(
      id = {"0, 0, 0", "0, -1, 0"},
      expect = ACCEPTABLE,
      desc = "ended by the publisher")
  @Outcome(expect = FORBIDDEN, desc = "a signal has thrown, or the producer ended otherwise")
  @State
  public static class PublishAndClose implements Flow.Publisher<Integer> {
    private final Channel<Integer> out = Channel.rendezvous();
    private final CountDownLatch subscribed = new CountDownLatch(1);
    private volatile Flow.Subscriber<? super Integer> subscriber;
    private volatile int cancels;

    @Override
    public void subscribe(Flow.Subscriber<? super Integer> subscriber) {
      this.subscriber = subscriber;
      subscriber.onSubscribe(
          new Flow.Subscription() {
            @Override
            public void request(long count) {
              subscribed.countDown();
            }

            @Override
            public void cancel() {
              cancels++;
            }
          });
    }

    @Actor
    public void publisher(III_Result result) {
      result.r1 =
          Codes.code(
              () -> {
                subscribed.await();
                subscriber.onNext(1);
                subscriber.onNext(2);
                subscriber.onComplete();
                return 0;
              });
    }

    @Actor
    public void producer(III_Result result) {
      result.r2 =
          Codes.code(
              () -> {
                try {
                  Producer.from(this, 2).produce(out);
                } catch (RuntimeException | InterruptedException e) {
                  throw e;
                } catch (Exception e) {
                  return Codes.SENT;
                }
                return 0;
              });
    }

    @Actor
    public void reader() {
      Codes.tryReceive(out);
      out.close();
    }

    @Arbiter
    public void cancels(III_Result result) {
      result.r3 = cancels;
    }
  }
}
