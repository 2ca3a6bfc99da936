package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Collects elements in lists. A list ends when it has {@code size} elements, when its rule says so,
 * or when its first element has waited for a time. Not thread-safe.
 */
final class Batch<T> implements TimedTransform<T, List<T>> {

  /** A time that never comes. */
  static final long FOREVER = Long.MAX_VALUE;

  /**
   * Decides where a batch ends, beside its size. Not thread-safe. The methods are called in this
   * order for each element; {@link #reset} is called between them when a batch ends.
   */
  interface Rule<T> {

    /** Ends no batch. */
    static <T> Rule<T> none() {
      return new Rule<>() {
        @Override
        public boolean endsBefore(T element) {
          return false;
        }

        @Override
        public void reset() {}

        @Override
        public boolean added() {
          return false;
        }
      };
    }

    /**
     * Whether the batch must end before this element. Computes the change for {@link #added} from
     * the element, and changes nothing else: if it throws, the element becomes a failure.
     */
    boolean endsBefore(T element) throws Exception;

    /** The batch has ended; the next one is empty. */
    void reset();

    /** The element was added; returns whether the batch must end now. */
    boolean added();
  }

  private final int size;
  private final Rule<? super T> rule;
  private final long nanos;
  private List<T> batch = new ArrayList<>();
  private long wakeAt = NEVER;

  /**
   * Starts with an empty batch.
   *
   * @param nanos the longest time that an element waits, in nanoseconds, or {@link #FOREVER}
   */
  Batch(int size, Rule<? super T> rule, long nanos) {
    this.size = size;
    this.rule = rule;
    this.nanos = nanos;
  }

  @Override
  public Outcome accept(T element, Emitter<? super List<T>> out) throws Exception {
    if (rule.endsBefore(element)) {
      flush(out);
    }
    if (batch.isEmpty() && nanos != FOREVER) {
      wakeAt = Time.nanoTime() + nanos;
    }
    batch.add(element);
    boolean isFull = rule.added();
    if (isFull || batch.size() == size) {
      flush(out);
    }
    return Outcome.USED;
  }

  @Override
  public long wakeAt() {
    return wakeAt;
  }

  @Override
  public void elapsed(long now, Emitter<? super List<T>> out) {
    flush(out);
  }

  @Override
  public void end(Emitter<? super List<T>> out) {
    flush(out);
  }

  @Override
  public int holds() {
    return batch.size();
  }

  private void flush(Emitter<? super List<T>> out) {
    List<T> full = batch;
    batch = new ArrayList<>();
    wakeAt = NEVER;
    rule.reset();
    if (!full.isEmpty()) {
      out.emit(full);
    }
  }

  /** The batches weigh at most {@code most}, except for single elements that weigh more. */
  static <T> Rule<T> byWeight(long most, ToLongFunction<? super T> weigher) {
    return new Rule<>() {
      private long total;
      private long next;

      @Override
      public boolean endsBefore(T element) {
        next = weigher.applyAsLong(element);
        if (next < 0) {
          throw new IllegalArgumentException("the weight of an element is negative: " + next);
        }
        return total > 0 && next > most - total;
      }

      @Override
      public void reset() {
        total = 0;
      }

      @Override
      public boolean added() {
        total = next > most - total ? most : total + next;
        return total >= most;
      }
    };
  }

  /** A batch ends with an element for which the predicate is true. */
  static <T> Rule<T> until(StageFunction<? super T, Boolean> predicate) {
    return new Rule<>() {
      private boolean isLast;

      @Override
      public boolean endsBefore(T element) throws Exception {
        isLast = Transforms.result(predicate.apply(element));
        return false;
      }

      @Override
      public void reset() {}

      @Override
      public boolean added() {
        return isLast;
      }
    };
  }

  /** The elements of a batch have the same key. */
  static <T> Rule<T> byKey(StageFunction<? super T, ?> key) {
    return new Rule<>() {
      private @Nullable Object current;
      private @Nullable Object next;

      @Override
      public boolean endsBefore(T element) throws Exception {
        next = Transforms.result(key.apply(element));
        return current != null && !next.equals(current);
      }

      @Override
      public void reset() {
        current = null;
      }

      @Override
      public boolean added() {
        current = Objects.requireNonNull(next);
        return false;
      }
    };
  }
}
