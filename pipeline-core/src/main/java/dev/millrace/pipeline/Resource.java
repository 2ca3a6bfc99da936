package dev.millrace.pipeline;

import dev.millrace.context.Context;
import java.util.Set;

/**
 * A resource that elements depend on: a source's cursor, an iterable or stream of a {@code
 * flatMap}, or a transform. It is closed when no claim to it is left: then the stage that has
 * opened it has ended, and all elements that came from it have left the run.
 *
 * <p>Thread-safe. Closed exactly once, in the context in which it was opened.
 */
final class Resource extends Origin {

  private final Resources all;
  private final AutoCloseable closing;
  private final Origin parent;
  private final Context context = Context.current();

  /**
   * Creates a resource with one claim, for the stage that has opened it.
   *
   * @param parent the origin of the resource; the resource has a claim to it
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

  @Override
  void addSources(Set<SourceElement> to) {
    parent.addSources(to);
  }

  /** Closes it. Only {@link Resources} may call this. */
  void close() throws Exception {
    context.call(
        () -> {
          closing.close();
          return true;
        });
  }
}
