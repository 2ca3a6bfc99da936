package dev.millrace.test;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Source;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A source whose elements a test gives by hand. It serves one run. For pipelines with sources of
 * their own; {@link Probe} has one already.
 *
 * <p>Thread-safe. No method blocks.
 *
 * @param <T> the type of the elements
 */
public final class ProbeSource<T> implements Source<T> {

  final Waiting waiting;
  private final Deque<T> pushed = new ArrayDeque<>();
  private final List<T> settled = new ArrayList<>();
  private final List<T> abandoned = new ArrayList<>();
  private @Nullable Exception failure;
  private boolean opened;
  private boolean ended;
  private boolean closed;
  private long requested;
  private long taken;

  /** A source without elements yet. */
  public ProbeSource() {
    this(new Waiting());
  }

  ProbeSource(Waiting waiting) {
    this.waiting = waiting;
  }

  /**
   * Gives an element to the run, after the elements that were pushed before. The element waits here
   * until the run asks for it; there is no bound.
   *
   * @throws IllegalStateException if the source was ended or has failed
   */
  public void push(T element) {
    Objects.requireNonNull(element, "element");
    waiting.change(
        () -> {
          if (ended) {
            throw new IllegalStateException("the source has ended: push before end() and fail()");
          }
          pushed.add(element);
        });
  }

  /** Pushes no more elements: the run ends when it has taken all pushed elements. Idempotent. */
  public void end() {
    end(null);
  }

  /** The source throws this exception when the run has taken all pushed elements. */
  public void fail(Exception failure) {
    end(Objects.requireNonNull(failure, "failure"));
  }

  private void end(@Nullable Exception thrown) {
    waiting.change(
        () -> {
          if (!ended) {
            ended = true;
            failure = thrown;
          }
        });
  }

  /**
   * The number of elements that the run has asked for so far. It is one more than {@link #taken} if
   * the run waits for an element now.
   */
  public long requested() {
    return waiting.read(() -> requested);
  }

  /** The number of elements that the run has taken. */
  public long taken() {
    return waiting.read(() -> taken);
  }

  /** Whether the run has closed the source. */
  public boolean isClosed() {
    return waiting.read(() -> closed);
  }

  /**
   * This source, for a run that settles its elements; see {@link Source#settling}. {@link #settled}
   * and {@link #abandoned} then list the elements as the run reports them.
   */
  public Source<T> settling() {
    return Source.settling(
        this,
        new Settlement<T>() {
          @Override
          public void settled(T element) {
            add(settled, element);
          }

          @Override
          public void abandoned(T element) {
            add(abandoned, element);
          }
        });
  }

  private void add(List<T> list, T element) {
    waiting.change(
        () -> {
          list.add(element);
        });
  }

  /** The settled elements so far, in the order in which they were settled. */
  public List<T> settled() {
    return copy(settled);
  }

  /** The elements that the run has abandoned, so that they would be redelivered. */
  public List<T> abandoned() {
    return copy(abandoned);
  }

  private List<T> copy(List<T> list) {
    return waiting.read(() -> List.copyOf(list));
  }

  /** For the run. */
  @Override
  public Cursor<T> open(Context context) {
    waiting.change(
        () -> {
          if (opened) {
            throw new IllegalStateException("a probe's source serves one run: make a new one");
          }
          opened = true;
        });
    return new Cursor<>() {
      @Override
      public @Nullable T next() throws Exception {
        return take();
      }

      @Override
      public void close() {
        waiting.change(
            () -> {
              closed = true;
            });
      }
    };
  }

  private @Nullable T take() throws Exception {
    waiting.lock.lockInterruptibly();
    try {
      requested++;
      waiting.signal();
      waiting.awaitWhile(() -> pushed.isEmpty() && !ended);
      T next = pushed.poll();
      if (next != null) {
        taken++;
        waiting.signal();
      } else if (failure != null) {
        throw failure;
      }
      return next;
    } finally {
      waiting.lock.unlock();
    }
  }
}
