package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.transform.Mapping;
import org.jspecify.annotations.Nullable;

/** Calls any mapping. */
@SuppressWarnings("NullAway.Init") // by of, which comes first
final class OtherCall extends Call {

  private Mapping<Object, Object> mapping;

  @Override
  Class<?> of(Mapping<Object, Object> mapping) {
    this.mapping = mapping;
    return mapping.getClass();
  }

  @Override
  public Call fresh() {
    return new OtherCall();
  }

  @Override
  Call copy() {
    var copy = new OtherCall();
    copy.mapping = mapping;
    copy.bind(host, index, account, out);
    return copy;
  }

  @Override
  @Nullable Object make(Object element) {
    Object made;
    try {
      made = mapping.apply(element);
    } catch (Throwable e) {
      host.thrown(index, element, e);
      return null;
    }
    returned();
    if (made == null) {
      account.dropped();
      return null;
    }
    leaves();
    return made;
  }
}
