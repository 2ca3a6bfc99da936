package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.pipeline.graph.Waits;
import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Twin;
import dev.millrace.stages.internal.fusion.Twins;
import dev.millrace.stages.internal.run.Places;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * The end of a run: gives the elements of the last stage to the sink, in the thread that brings
 * them.
 */
final class SinkSubscriber extends ReceiverHost implements CoreSubscriber<Object> {

  /** Its name in reports. */
  static final String NAME = "sink";

  private final Execution execution;
  private final Sink.Receiver<Object, ?> receiver;
  private final Runnable tap;
  private final Account account;
  private final ReceiverCall plain = new PlainReceiverCall();

  @SuppressWarnings("NullAway.Init") // by onSubscribe, which comes first
  private Subscription upstream;

  private boolean done;

  /** The thread that has brought the last element. Written by that thread, read by any. */
  private @Nullable Thread thread;

  SinkSubscriber(
      Execution execution, Sink<?, ?> sink, Sink.Receiver<Object, ?> receiver, Runnable tap) {
    this.execution = execution;
    this.receiver = receiver;
    this.tap = tap;
    this.account = execution.ledger().open(NAME);
    plain.bind(this, receiver, tap, account);
    Waits waits = sink instanceof Waits known ? known : null;
    execution.calls().add(Integer.MAX_VALUE, Calls.function(() -> thread, NAME, account, waits));
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    if (Operators.validate(upstream, subscription)) {
      upstream = subscription;
      subscription.request(Long.MAX_VALUE);
    }
  }

  @Override
  public void onNext(Object element) {
    plain.push(element);
  }

  @Override
  boolean isClosed() {
    return done || execution.isStopped();
  }

  @Override
  void in(Thread current) {
    if (thread != current) {
      thread = current;
    }
  }

  @Override
  void thrown(Object element, Throwable e) {
    stop(e, cause -> Places.sinkOn(element, cause));
  }

  @Override
  void interrupted() {
    execution.forgetInterrupt(true);
  }

  @Override
  void last() {
    finish();
    upstream.cancel();
  }

  /** The class for its calls; null if there is none. */
  @Nullable Twin twin(boolean define) {
    return Twins.ALL.end(SinkSubscriber.class).before(plain, receiver.getClass(), define);
  }

  /** Its calls, with code of their own. */
  Taker call(Twin twin) {
    var call = (ReceiverCall) twin.fresh();
    call.bind(this, receiver, tap, account);
    return call;
  }

  @Override
  public void onComplete() {
    if (!done && !execution.isStopped()) {
      finish();
    }
  }

  private void finish() {
    done = true;
    if (!execution.maySinkFinish()) {
      return;
    }
    @Nullable Object result;
    try {
      result = receiver.finish();
    } catch (Throwable e) {
      stop(e, Places::sinkFinished);
      return;
    }
    execution.complete(result);
  }

  private void stop(Throwable e, Function<? super Throwable, String> text) {
    done = true;
    execution.thrown(e, true, text);
    upstream.cancel();
  }

  @Override
  public void onError(Throwable failure) {
    execution.fail(failure);
  }
}
