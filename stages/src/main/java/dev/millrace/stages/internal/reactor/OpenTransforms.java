package dev.millrace.stages.internal.reactor;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The transforms of a run that are not closed yet. A stage that has ended closes its transforms;
 * the run closes the others at its end.
 *
 * <p>Thread-safe.
 */
final class OpenTransforms {

  private final BiConsumer<? super AutoCloseable, String> closing;

  /** With the names of their stages. */
  private final IdentityHashMap<AutoCloseable, String> open = new IdentityHashMap<>();

  private boolean closed; // guarded by this

  /**
   * Nothing is open.
   *
   * @param closing closes one, of the stage of that name; throws nothing
   */
  OpenTransforms(BiConsumer<? super AutoCloseable, String> closing) {
    this.closing = closing;
  }

  /** Adds a transform, which is closed at once if the run has not waited for the calling thread. */
  void add(AutoCloseable transform, String stage) {
    synchronized (this) {
      if (!closed) {
        open.put(transform, stage);
        return;
      }
    }
    closing.accept(transform, stage);
  }

  /** Closes a transform, unless that has been done. */
  void close(AutoCloseable transform) {
    @Nullable String stage;
    synchronized (this) {
      stage = open.remove(transform);
    }
    if (stage != null) {
      closing.accept(transform, stage);
    }
  }

  /** The run has ended: closes all that are open. */
  void closeAll() {
    List<AutoCloseable> left;
    synchronized (this) {
      closed = true;
      left = List.copyOf(open.keySet());
    }
    left.forEach(this::close);
  }
}
