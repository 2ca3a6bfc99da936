package dev.millrace.stages.internal.reactor;

import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.graph.Account;
import dev.millrace.stages.internal.fusion.Taker;
import dev.millrace.stages.internal.fusion.Template;

/** Gives elements to the receiver of a sink. Used by one thread at a time. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
abstract class ReceiverCall extends Taker implements Template {

  ReceiverHost subscriber;
  Sink.Receiver<Object, ?> receiver;
  Runnable tap;
  Account account;

  /** Sets the state; to be called first. */
  final void bind(
      ReceiverHost subscriber, Sink.Receiver<Object, ?> receiver, Runnable tap, Account account) {
    this.subscriber = subscriber;
    this.receiver = receiver;
    this.tap = tap;
    this.account = account;
  }
}
