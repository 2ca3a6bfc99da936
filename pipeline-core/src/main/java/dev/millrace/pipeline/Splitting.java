package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;
import dev.millrace.pipeline.transform.Transform;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Gives the elements to one group after the other. Not thread-safe. */
class Splitting<T, R> implements Transform<T, R> {

  /** The place of a border between two groups. */
  enum Border {
    NONE,
    /** The element is the first one of a new group. */
    BEFORE,
    /** The element is the last one of its group. */
    AFTER
  }

  /** Finds the borders. Not thread-safe. */
  @FunctionalInterface
  interface Borders<T> {
    /** Called once for each element. It may throw: the element then is in no group. */
    Border of(T element) throws Exception;
  }

  private final Borders<? super T> borders;
  private final List<Supplier<?>> suppliers;
  private @Nullable Group<R> group;

  /** The number of elements that have come, without those for which it has thrown. */
  private long count;

  private int leftOver;

  Splitting(Borders<? super T> borders, List<Supplier<?>> suppliers) {
    this.borders = borders;
    this.suppliers = suppliers;
  }

  boolean isOpen() {
    return group != null;
  }

  @Override
  public Outcome accept(T element, Emitter<? super R> out) throws Exception {
    Border border = borders.of(element);
    if (border == Border.BEFORE) {
      closeGroup(out);
    }
    Group<R> current = group;
    if (current == null) {
      current = new Group<>(suppliers);
      group = current;
    }
    Outcome outcome;
    try {
      outcome = current.accept(element, out);
    } finally {
      note(current);
    }
    count++;
    if (border == Border.AFTER) {
      closeGroup(out);
    }
    return outcome;
  }

  private void note(Group<R> current) {
    if (!current.holds()) {
      current.oldest = -1;
    } else if (current.oldest < 0) {
      current.oldest = count;
    }
  }

  /** Ends the stages of the open group, if there is one. */
  final void closeGroup(Emitter<? super R> out) throws Exception {
    Group<R> ending = group;
    if (ending == null) {
      return;
    }
    ending.end(out);
    group = null;
    leftOver += ending.leftOver();
    try {
      ending.close();
    } catch (Exception e) {
      throw new Group.Failed(e);
    }
  }

  @Override
  public void end(Emitter<? super R> out) throws Exception {
    closeGroup(out);
  }

  @Override
  public int holds() {
    return group == null || group.oldest < 0 ? 0 : (int) Math.min(count - group.oldest, ALL - 1);
  }

  @Override
  public int leftOver() {
    return leftOver;
  }

  @Override
  public void close() throws Exception {
    if (group != null) {
      group.close();
    }
  }

  /** A group for each span of time, counted from the start of the run. */
  static final class InTime<T, R> extends Splitting<T, R> implements TimedTransform<T, R> {
    private final long start = Time.nanoTime();
    private final long length;
    private long wakeAt = NEVER;

    InTime(long length, List<Supplier<?>> suppliers) {
      super(element -> Border.NONE, suppliers);
      this.length = length;
    }

    @Override
    public Outcome accept(T element, Emitter<? super R> out) throws Exception {
      if (!isOpen()) {
        long now = Time.nanoTime();
        wakeAt = start + ((now - start) / length + 1) * length;
      }
      return super.accept(element, out);
    }

    @Override
    public long wakeAt() {
      return isOpen() ? wakeAt : NEVER;
    }

    @Override
    public void elapsed(long now, Emitter<? super R> out) throws Exception {
      closeGroup(out);
    }
  }
}
