package dev.millrace.stages.channel;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.run.SinkRun;
import java.util.concurrent.ExecutionException;

/** The end of a pipeline: one select over values, errors and the context. */
final class Sink<T> {

  /** The work after a select: it may throw, as a consumer may. */
  private interface Event {
    void handle() throws Exception;
  }

  private static final Event NONE = () -> {};

  private final Context context;
  private final ReceiveChannel<? extends T> values;
  private final ReceiveChannel<? extends Failure<?>> errors;
  private boolean valuesOpen = true;
  private boolean errorsOpen = true;

  Sink(
      Context context,
      ReceiveChannel<? extends T> values,
      ReceiveChannel<? extends Failure<?>> errors) {
    this.context = context;
    this.values = values;
    this.errors = errors;
  }

  private Event valuesClosed() {
    valuesOpen = false;
    return NONE;
  }

  private Event errorsClosed() {
    errorsOpen = false;
    return NONE;
  }

  void run(StageConsumer<? super T> onValue, StageConsumer<? super Failure<?>> onFailure)
      throws Exception {
    var select =
        new Select<Event>()
            .onReceive(values, value -> () -> onValue.accept(value), this::valuesClosed)
            .when(() -> valuesOpen)
            .onReceive(
                errors, failure -> () -> SinkRun.handle(onFailure, failure), this::errorsClosed)
            .when(() -> errorsOpen)
            .onDone(context, () -> NONE);
    while (valuesOpen || errorsOpen) {
      context.throwIfCancelled();
      select.select().handle();
    }
    context.throwIfCancelled();
    // The channels may come from elsewhere, and have been closed with a cause there.
    Throwable cause = values.closeCause() != null ? values.closeCause() : errors.closeCause();
    if (cause != null) {
      throw new ExecutionException("a stage failed: " + cause, cause);
    }
  }
}
