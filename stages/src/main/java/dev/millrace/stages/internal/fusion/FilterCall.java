package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.Mappings;
import dev.millrace.pipeline.StageFunction;
import dev.millrace.pipeline.transform.Mapping;

/** Calls a {@link Mappings.Filter}. */
@SuppressWarnings("NullAway.Init") // by of, which comes first
final class FilterCall extends Call {

  private StageFunction<Object, Boolean> predicate;

  @Override
  @SuppressWarnings("unchecked") // the blueprint is well typed
  Class<?> of(Mapping<Object, Object> mapping) {
    predicate = ((Mappings.Filter<Object>) (Object) mapping).predicate();
    return predicate.getClass();
  }

  @Override
  public Call fresh() {
    return new FilterCall();
  }

  @Override
  Call copy() {
    var copy = new FilterCall();
    copy.predicate = predicate;
    copy.bind(host, index, account, out);
    return copy;
  }

  @Override
  boolean takes(Object element) {
    boolean passes;
    try {
      passes = Mapping.result(predicate.apply(element));
    } catch (Throwable e) {
      host.thrown(index, element, e);
      return false;
    }
    returned();
    if (!passes) {
      account.dropped();
      return false;
    }
    leaves();
    return true;
  }

  @Override
  Object make(Object element) {
    return element;
  }
}
