package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.Mappings;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.transform.Mapping;
import org.jspecify.annotations.Nullable;

/** Calls a {@link Mappings.Map}. */
@SuppressWarnings("NullAway.Init") // by of, which comes first
final class MapCall extends Call {

  private StageFunction<Object, ?> function;

  @Override
  Class<?> of(Mapping<Object, Object> mapping) {
    function = ((Mappings.Map<Object, Object>) mapping).function();
    return function.getClass();
  }

  @Override
  public Call fresh() {
    return new MapCall();
  }

  @Override
  Call copy() {
    var copy = new MapCall();
    copy.function = function;
    copy.bind(host, index, account, out);
    return copy;
  }

  @Override
  @Nullable Object make(Object element) {
    Object made;
    try {
      made = Mapping.result(function.apply(element));
    } catch (Throwable e) {
      host.thrown(index, element, e);
      return null;
    }
    returned();
    leaves();
    return made;
  }
}
