package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.ledger.Account;
import org.jspecify.annotations.Nullable;

/** Gives elements to the receiver of a sink. Used by one thread at a time. */
@SuppressWarnings("NullAway.Init") // by bind, which comes first
public abstract class ReceiverCall extends Taker implements Template {

  ReceiverHost host;
  Sink.Receiver<Object, ?> receiver;
  Account account;

  /** Sets the state; to be called first. */
  public final void bind(ReceiverHost host, Sink.Receiver<Object, ?> receiver, Account account) {
    this.host = host;
    this.receiver = receiver;
    this.account = account;
  }

  /** Takes an element that is counted. */
  public abstract void accept(Object element);

  /**
   * The same call as the end of a chain, with code of its own; null if there is none.
   *
   * @param end the class of the host
   */
  public final @Nullable Chain chain(Class<?> end, boolean define) {
    Twin twin = Twins.ALL.end(end).before(this, receiver.getClass(), define);
    if (twin == null) {
      return null;
    }
    var call = (ReceiverCall) twin.fresh();
    call.bind(host, receiver, account);
    return new Chain(call, twin);
  }
}
