package dev.millrace.pipeline;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Source.Cursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The unsettled elements of a run and the cursors that gave them. The cursors are closed after the
 * elements are settled or abandoned. Thread-safe.
 */
final class Unsettled {

  private final Set<Given<?>> given = ConcurrentHashMap.newKeySet();
  private final List<Opened> opened = new ArrayList<>(); // guarded by this
  private volatile boolean ended;

  /** An element of a settling source, as an origin. */
  private final class Given<T> extends Origin implements SourceElement {
    private final T element;
    private final Settlement<? super T> settlement;

    Given(T element, Settlement<? super T> settlement, int claims) {
      super(claims);
      this.element = element;
      this.settlement = settlement;
    }

    @Override
    void ended() {
      if (given.remove(this)) {
        try {
          settlement.settled(element);
        } catch (Throwable e) {
          // An Error stops the run; an exception would count as a failure of the element.
          throw new AssertionError("Settlement.settled has thrown an exception", e);
        }
      }
    }

    @Override
    void addSources(Set<SourceElement> to) {
      to.add(this);
    }

    @Override
    public @Nullable Object element() {
      return element;
    }

    @Override
    public Settlement<?> settlement() {
      return settlement;
    }

    void abandon() {
      if (given.remove(this)) {
        settlement.abandoned(element);
      }
    }
  }

  /** A cursor, and the context in which it was opened. */
  private record Opened(Cursor<?> cursor, Context context) {
    void close() throws Exception {
      context.call(
          () -> {
            cursor.close();
            return true;
          });
    }
  }

  /** The same source, with its elements in envelopes. */
  <T> Source<Envelope<T>> lift(SettlingSource<T> settling, int claims) {
    return context -> {
      Cursor<T> cursor = settling.source().open(context);
      add(new Opened(cursor, context));
      return () -> {
        T element = cursor.next();
        return element == null ? null : give(element, settling.settlement(), claims);
      };
    };
  }

  private void add(Opened cursor) throws Exception {
    synchronized (this) {
      if (!ended) {
        opened.add(cursor);
        return;
      }
    }
    cursor.close(); // the run has not waited for it
    throw new CancellationException("the run has ended");
  }

  private <T> Envelope<T> give(T element, Settlement<? super T> settlement, int claims) {
    var origin = new Given<>(element, settlement, claims);
    given.add(origin);
    if (ended) { // the run has not waited for it
      origin.abandon();
    }
    return new Envelope<>(element, origin);
  }

  /**
   * The run has ended: elements that are not settled are abandoned, and then the cursors are
   * closed.
   *
   * @return the exceptions of all that
   */
  List<Throwable> end() {
    List<Opened> cursors;
    synchronized (this) {
      ended = true;
      cursors = List.copyOf(opened);
    }
    List<Throwable> failures = new ArrayList<>();
    for (Given<?> origin : given) {
      attempt(origin::abandon, failures);
    }
    for (Opened cursor : cursors) {
      attempt(cursor::close, failures);
    }
    return failures;
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void attempt(Action action, List<Throwable> failures) {
    try {
      action.run();
    } catch (Throwable e) {
      failures.add(e);
    }
  }
}
