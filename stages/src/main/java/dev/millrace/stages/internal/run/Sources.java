package dev.millrace.stages.internal.run;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.HashSet;
import java.util.Set;

/**
 * The sources of a run that are open, and whether they are to stop because the run drains.
 *
 * <p>Thread-safe.
 */
public final class Sources {

  private static final VarHandle STOPPED =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "stopped", VarHandle.class, Sources.class, boolean.class);

  /** The thread of a source, as the drain sees it. */
  public interface Reader {
    /** Interrupts the source if it blocks. Called once in a tick of the drain. */
    void tick();
  }

  private final Set<Reader> open = new HashSet<>(); // guarded by this

  /** Written under the lock; a reader looks at it before each element, with a plain read. */
  @SuppressWarnings("UnusedVariable") // read by its handle
  private boolean stopped;

  Sources() {}

  /** Stops all of them: a reader takes no element more, and none begins. */
  synchronized void stop() {
    STOPPED.setVolatile(this, true);
  }

  /**
   * Whether sources must stop. A reader that reads a volatile field between two calls sees the
   * change.
   */
  public boolean areStopped() {
    return (boolean) STOPPED.get(this);
  }

  /** A source is about to be opened; false if it must not be. */
  public synchronized boolean begin(Reader reader) {
    return !areStopped() && open.add(reader);
  }

  /** The source is closed, or will never be opened. */
  public synchronized void ended(Reader reader) {
    open.remove(reader);
  }

  /** Gives each source its tick; false if none is open. */
  synchronized boolean tick() {
    open.forEach(Reader::tick);
    return !open.isEmpty();
  }
}
