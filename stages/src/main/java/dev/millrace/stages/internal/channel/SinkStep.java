package dev.millrace.stages.internal.channel;

import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.graph.Account;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Gives the elements to the sink, and the sink's result to the run. */
final class SinkStep<R extends @Nullable Object> extends Step {

  private final Strand strand;
  private final ChannelRun<R> run;
  private final Sink<Object, R> sink;
  private Sink.@Nullable Receiver<Object, R> receiver;

  SinkStep(Strand strand, ChannelRun<R> run, Sink<Object, R> sink, Account from, Account account) {
    super(from, account);
    this.strand = strand;
    this.run = run;
    this.sink = sink;
  }

  /** Opens the sink, even if the run is cancelled: who waits for it is told by its close. */
  @Override
  void start() throws Exception {
    receiver = Objects.requireNonNull(sink.open(run.context()), "the sink opened null");
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
      throw run.stopUnlessStopped(strand, e);
    }
    account.processed();
    done = !more;
  }

  @Override
  void end() throws Exception {
    if (strand.isStopped()) {
      throw Unwind.INSTANCE;
    }
    run.finished(receiver().finish());
  }

  @Override
  void close() {
    Sink.Receiver<Object, R> opened = receiver;
    if (opened != null) {
      run.close(strand, opened);
    }
  }
}
