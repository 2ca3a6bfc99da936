package dev.millrace.stages.reactor;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.StageConsumer;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;

/** A pipe as a flux: each subscription is a run, whose sink is the subscriber. */
final class PipeFlux<T> extends Flux<T> {

  private final Pipe<T> pipe;
  private final StageConsumer<? super Failure<?>> onFailure;

  PipeFlux(Pipe<T> pipe, StageConsumer<? super Failure<?>> onFailure) {
    this.pipe = pipe;
    this.onFailure = onFailure;
    var _ = pipe.to(Sink.count()); // what is wrong with it is told now
  }

  @Override
  public void subscribe(CoreSubscriber<? super T> actual) {
    var carried = actual.currentContext();
    Context parent =
        carried.hasKey(Context.class) ? carried.get(Context.class) : Context.background();
    var outlet = new Outlet<T>(actual);
    actual.onSubscribe(outlet);
    outlet.start(pipe, parent.withValue(Fluxes.REACTOR_CONTEXT, carried), onFailure);
  }
}
