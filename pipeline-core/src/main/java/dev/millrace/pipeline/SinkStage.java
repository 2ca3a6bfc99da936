package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.Transform;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Gives all elements to a sink, and emits nothing. Not thread-safe. */
final class SinkStage<O, R extends @Nullable Object> implements Transform<Object, O> {

  private final Sink.Receiver<Object, R> receiver;
  private final Consumer<? super R> onResult;
  private boolean isFinished;

  /** Opens the sink. */
  SinkStage(Sink<Object, R> sink, Consumer<? super R> onResult) {
    this.receiver = open(sink);
    this.onResult = onResult;
  }

  private static <R extends @Nullable Object> Sink.Receiver<Object, R> open(Sink<Object, R> sink) {
    try {
      return sink.open(Context.current());
    } catch (Exception e) {
      throw SinkStage.<RuntimeException>unchecked(e);
    }
  }

  /** An engine expects any exception of the supplier of a transform. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> RuntimeException unchecked(Throwable thrown) throws X {
    throw (X) thrown;
  }

  @Override
  public Outcome accept(Object element, Emitter<? super O> out) throws Exception {
    return receiver.accept(element) ? Outcome.USED : Outcome.LAST;
  }

  @Override
  public void end(Emitter<? super O> out) throws Exception {
    onResult.accept(receiver.finish());
    isFinished = true;
  }

  @Override
  public int holds() {
    return isFinished ? 0 : Math.min(receiver.holds(), ALL - 1);
  }

  @Override
  public void close() throws Exception {
    receiver.close();
  }
}
