package dev.millrace.context;

import org.jspecify.annotations.Nullable;

/**
 * A context without a cancellation of its own: the background, a child with a value, or a detached
 * child. Immutable and thread-safe.
 */
final class PlainContext extends AbstractContext {

  static final Context BACKGROUND = new PlainContext(null, null, null, null);

  private final @Nullable CancelContext canceller;
  private final @Nullable Key<?> key;
  private final @Nullable Object value;

  PlainContext(
      @Nullable AbstractContext parent,
      @Nullable CancelContext canceller,
      @Nullable Key<?> key,
      @Nullable Object value) {
    super(parent);
    this.canceller = canceller;
    this.key = key;
    this.value = value;
  }

  /** A child with a surrounding. */
  PlainContext(AbstractContext parent, @Nullable CancelContext canceller, Surrounding surrounding) {
    super(parent, surrounding);
    this.canceller = canceller;
    this.key = null;
    this.value = null;
  }

  @Override
  @Nullable CancelContext canceller() {
    return canceller;
  }

  @Override
  @Nullable Object ownValue(Key<?> wanted) {
    return wanted == key ? value : null;
  }

  @Override
  public String toString() {
    return key == null ? "Context" : "Context[" + key + "]";
  }
}
