package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.stages.internal.run.Places;
import dev.millrace.stages.internal.run.RunCore;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Gives the elements to the sink, and the sink's result to the run. */
final class SinkStep<R extends @Nullable Object> extends Step {

  private final Strand strand;
  private final RunCore<R> run;
  private final Sink<Object, R> sink;
  private Sink.@Nullable Receiver<Object, R> receiver;

  SinkStep(Strand strand, RunCore<R> run, Sink<Object, R> sink, Account from, Account account) {
    super(from, account);
    this.strand = strand;
    this.run = run;
    this.sink = sink;
  }

  /** Opens the sink, even if the run is cancelled: who waits for it is told by its close. */
  @Override
  void start() {
    try {
      receiver = Objects.requireNonNull(sink.open(run.context()), "the sink opened null");
    } catch (Throwable e) {
      throw strand.thrown(e, Places::sinkOpened);
    }
    strand.endCall();
  }

  private Sink.Receiver<Object, R> receiver() {
    return Objects.requireNonNull(receiver);
  }

  @Override
  void process(Object element) {
    boolean more;
    try {
      more = receiver().accept(element);
    } catch (Throwable e) {
      throw strand.thrown(e, cause -> Places.sinkOn(element, cause));
    }
    strand.endCall();
    account.processed();
    done = !more;
  }

  @Override
  void end() {
    if (strand.isStopped() || !run.maySinkFinish()) {
      throw Unwind.INSTANCE;
    }
    R result;
    try {
      result = receiver().finish();
    } catch (Throwable e) {
      throw strand.thrown(e, Places::sinkFinished);
    }
    run.finished(result);
  }

  @Override
  void close() {
    Sink.Receiver<Object, R> opened = receiver;
    if (opened != null) {
      strand.close(opened, Places::sinkClosed);
    }
  }
}
