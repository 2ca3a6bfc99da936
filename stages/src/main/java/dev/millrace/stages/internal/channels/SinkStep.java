package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.ledger.Account;
import dev.millrace.stages.internal.fusion.Chain;
import dev.millrace.stages.internal.fusion.PlainReceiverCall;
import dev.millrace.stages.internal.fusion.ReceiverCall;
import dev.millrace.stages.internal.fusion.ReceiverHost;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.RunCore;
import dev.millrace.stages.internal.run.Unwind;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Gives the elements to the sink, and the sink's result to the run. */
final class SinkStep<R extends @Nullable Object> extends Step implements ReceiverHost {

  private final PipelineThread thread;
  private final RunCore<R> run;
  private final Sink<Object, R> sink;
  private final ReceiverCall plain = new PlainReceiverCall();
  private ReceiverCall call = plain;
  private Sink.@Nullable Receiver<Object, R> receiver;

  SinkStep(
      PipelineThread thread, RunCore<R> run, Sink<Object, R> sink, Account from, Account account) {
    super(from, account);
    this.thread = thread;
    this.run = run;
    this.sink = sink;
  }

  /**
   * Opens the sink, even if the run is cancelled: the close of the sink then notifies the threads
   * that wait for it.
   */
  @Override
  void start() {
    try {
      receiver = Objects.requireNonNull(sink.open(run.context()), "the sink opened null");
    } catch (Throwable e) {
      throw thread.thrown(e, Places::sinkOpened);
    }
    plain.bind(this, receiver, account);
    thread.endCall();
  }

  private Sink.Receiver<Object, R> receiver() {
    return Objects.requireNonNull(receiver);
  }

  @Override
  void process(Object element) {
    call.accept(element);
  }

  @Override
  public boolean takes(Account account) {
    account.passed();
    return true;
  }

  @Override
  public void thrown(Object element, Throwable e) {
    throw thread.thrown(e, cause -> Places.sinkOn(element, cause));
  }

  @Override
  public void interrupted() {
    thread.forgetInterrupt();
  }

  @Override
  public void last() {
    done = true;
  }

  @Override
  @Nullable Chain chain(boolean define) {
    Chain chain = plain.chain(SinkStep.class, define);
    if (chain != null) {
      call = (ReceiverCall) chain.end();
    }
    return chain;
  }

  @Override
  void end() {
    if (thread.isStopped() || !run.maySinkFinish()) {
      throw Unwind.INSTANCE;
    }
    R result;
    try {
      result = receiver().finish();
    } catch (Throwable e) {
      throw thread.thrown(e, Places::sinkFinished);
    }
    run.finished(result);
  }

  @Override
  void close() {
    Sink.Receiver<Object, R> opened = receiver;
    if (opened != null) {
      thread.close(opened, Places::sinkClosed);
    }
  }
}
