package dev.millrace.stages.channel;

import dev.millrace.channel.ReceiveChannel;
import dev.millrace.channel.Select;
import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.stages.internal.run.SinkRun;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** The end of a pipeline: one select over values, errors and the context. */
final class Sink<T> {

  private enum Event {
    VALUE,
    FAILURE,
    CLOSED,
    CANCELLED
  }

  private final Context context;
  private final ReceiveChannel<? extends T> values;
  private final ReceiveChannel<? extends Failure<?>> errors;
  private final Select<Event> select;
  private @Nullable T value;
  private @Nullable Failure<?> failure;
  private boolean valuesOpen = true;
  private boolean errorsOpen = true;

  Sink(
      Context context,
      ReceiveChannel<? extends T> values,
      ReceiveChannel<? extends Failure<?>> errors) {
    this.context = context;
    this.values = values;
    this.errors = errors;
    this.select =
        new Select<Event>()
            .onReceive(values, this::value, this::valuesClosed)
            .when(() -> valuesOpen)
            .onReceive(errors, this::failure, this::errorsClosed)
            .when(() -> errorsOpen)
            .onDone(context, () -> Event.CANCELLED);
  }

  private Event value(T received) {
    value = received;
    return Event.VALUE;
  }

  private Event failure(Failure<?> received) {
    failure = received;
    return Event.FAILURE;
  }

  private Event valuesClosed() {
    valuesOpen = false;
    return Event.CLOSED;
  }

  private Event errorsClosed() {
    errorsOpen = false;
    return Event.CLOSED;
  }

  void run(StageConsumer<? super T> onValue, StageConsumer<? super Failure<?>> onFailure)
      throws Exception {
    while (valuesOpen || errorsOpen) {
      context.throwIfCancelled();
      switch (select.select()) {
        case VALUE -> onValue.accept(Objects.requireNonNull(value));
        case FAILURE -> SinkRun.handle(onFailure, Objects.requireNonNull(failure));
        case CLOSED, CANCELLED -> {}
      }
    }
    context.throwIfCancelled();
    // The channels may come from elsewhere, and have been closed with a cause there.
    Throwable cause = values.closeCause() != null ? values.closeCause() : errors.closeCause();
    if (cause != null) {
      throw new ExecutionException("a stage failed: " + cause, cause);
    }
  }
}
