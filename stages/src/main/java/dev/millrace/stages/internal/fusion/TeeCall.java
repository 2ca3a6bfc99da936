package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.Mappings;
import dev.millrace.pipeline.StageConsumer;
import dev.millrace.pipeline.transform.Mapping;
import org.jspecify.annotations.Nullable;

/** Calls a {@link Mappings.Tee}. */
@SuppressWarnings("NullAway.Init") // by of, which comes first
final class TeeCall extends Call {

  private StageConsumer<Object> consumer;

  @Override
  @SuppressWarnings("unchecked") // the blueprint is well typed
  Class<?> of(Mapping<Object, Object> mapping) {
    consumer = ((Mappings.Tee<Object>) (Object) mapping).consumer();
    return consumer.getClass();
  }

  @Override
  public Call fresh() {
    return new TeeCall();
  }

  @Override
  Call copy() {
    var copy = new TeeCall();
    copy.consumer = consumer;
    copy.bind(host, index, account, out);
    return copy;
  }

  @Override
  @Nullable Object make(Object element) {
    try {
      consumer.accept(element);
    } catch (Throwable e) {
      host.thrown(index, element, e);
      return null;
    }
    returned();
    leaves();
    return element;
  }
}
