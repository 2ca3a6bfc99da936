package dev.millrace.stages.internal.fusion;

import dev.millrace.pipeline.transform.Mapping;

/** Stands where a chain has no mapping. */
final class NoCall extends Call {

  static final NoCall INSTANCE = new NoCall();

  private NoCall() {}

  @Override
  Class<?> of(Mapping<Object, Object> mapping) {
    return getClass();
  }

  @Override
  public Call fresh() {
    return this;
  }

  @Override
  Call copy() {
    return this;
  }

  @Override
  boolean takes(Object element) {
    return true;
  }

  @Override
  Object make(Object element) {
    return element;
  }
}
