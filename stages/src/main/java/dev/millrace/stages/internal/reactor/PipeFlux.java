package dev.millrace.stages.internal.reactor;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.context.ContextView;

/** A pipe as a flux: each subscription is a run, whose sink is the subscriber. */
public final class PipeFlux<T> extends Flux<T> {

  /** Under which a run finds the Reactor context of its subscriber. */
  public static final Context.Key<ContextView> REACTOR_CONTEXT = Context.Key.of("reactor context");

  private final Pipe<T> pipe;
  private final StageConsumer<? super Failure<?>> onFailure;

  /**
   * The flux of a pipe.
   *
   * @param onFailure as that of {@link dev.millrace.pipeline.Engine#start}
   */
  public PipeFlux(Pipe<T> pipe, StageConsumer<? super Failure<?>> onFailure) {
    this.pipe = pipe;
    this.onFailure = onFailure;
    var _ =
        pipe.to(Sink.count()); // a mistake in the pipe is thrown here, and not at the subscription
  }

  @Override
  public void subscribe(CoreSubscriber<? super T> actual) {
    var carried = actual.currentContext();
    Context parent =
        carried.hasKey(Context.class) ? carried.get(Context.class) : Context.background();
    var sink = new SubscriberSink<T>(actual);
    actual.onSubscribe(sink);
    sink.start(pipe, parent.withValue(REACTOR_CONTEXT, carried), onFailure);
  }
}
