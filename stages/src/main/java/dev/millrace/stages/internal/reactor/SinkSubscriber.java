package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Waits;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.PlainReceiverCall;
import dev.millrace.stages.internal.fusion.ReceiverCall;
import dev.millrace.stages.internal.fusion.ReceiverHost;
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
final class SinkSubscriber implements ReceiverHost, CoreSubscriber<Object> {

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
    plain.bind(this, receiver, account);
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
  public boolean takes(Account account) {
    if (done || execution.isStopped()) {
      return false;
    }
    tap.run();
    Thread current = Thread.currentThread();
    if (thread != current) {
      thread = current;
    }
    account.received();
    return true;
  }

  @Override
  public void thrown(Object element, Throwable e) {
    stop(e, cause -> Places.sinkOn(element, cause));
  }

  @Override
  public void interrupted() {
    execution.forgetInterrupt(true);
  }

  @Override
  public void last() {
    finish();
    upstream.cancel();
  }

  /** The sink as the end of a chain, with code of its own; null if there is none. */
  @Nullable Chain chain(boolean define) {
    return plain.chain(SinkSubscriber.class, define);
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
