package dev.millrace.pipeline;

import dev.millrace.context.Context;

/**
 * Something that elements came from and depend on: a source's cursor, what a {@code flatMap}
 * iterates, or a transform. It is closed when no claim to it is left: the stage that has opened it
 * has ended, and so have all elements that came from it.
 *
 * <p>Thread-safe. Closed once, in the context that it was opened in.
 */
final class Resource extends Origin {

  private final Resources all;
  private final AutoCloseable closing;
  private final Origin parent;
  private final Context context = Context.current();

  /**
   * With one claim, that of the stage that has opened it.
   *
   * @param parent what the resource itself came from; the resource has a claim to it
   */
  Resource(Resources all, AutoCloseable closing, Origin parent) {
    super(1);
    this.all = all;
    this.closing = closing;
    this.parent = parent;
  }

  @Override
  void ended() {
    all.close(this);
    parent.release(1);
  }

  @Override
  Origin withoutResources() {
    return parent.withoutResources();
  }

  /** Closes it; by {@link Resources} only. */
  void close() throws Exception {
    context.call(
        () -> {
          closing.close();
          return true;
        });
  }
}
