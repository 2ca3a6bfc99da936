package dev.millrace.stages.internal.channels;

import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Template;

/** Gives elements to a receiver. Used by one thread. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class SinkCall extends Taker implements Template {

  ReceiverStep step;
  PipelineThread thread;
  Account account;
  Sink.Receiver<Object, ?> receiver;

  /** Sets the state; to be called first. */
  final void bind(
      ReceiverStep step,
      PipelineThread thread,
      Account account,
      Sink.Receiver<Object, ?> receiver) {
    this.step = step;
    this.thread = thread;
    this.account = account;
    this.receiver = receiver;
  }

  /** Takes an element that is counted. */
  abstract void accept(Object element);
}
