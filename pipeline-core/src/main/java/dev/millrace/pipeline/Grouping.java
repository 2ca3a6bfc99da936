package dev.millrace.pipeline;

import dev.millrace.clock.internal.Time;
import dev.millrace.pipeline.transform.Emitter;
import dev.millrace.pipeline.transform.TimedTransform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Gives each element to the group of its key. Not thread-safe.
 *
 * <p>The map has the groups in the order of their last elements. So its first group is the next one
 * to close, for want of elements or of room.
 */
final class Grouping<T, R> implements TimedTransform<T, R> {

  private final StageFunction<? super T, ?> key;
  private final int most;
  private final long idle;
  private final List<Supplier<?>> suppliers;
  private final LinkedHashMap<Object, Group<R>> groups = new LinkedHashMap<>(16, 0.75f, true);

  /** The groups that hold elements, by the number of their oldest element. */
  private final TreeMap<Long, Group<R>> holding = new TreeMap<>();

  /** The number of elements that have come, without those for which it has thrown. */
  private long count;

  private int leftOver;

  Grouping(StageFunction<? super T, ?> key, int most, long idle, List<Supplier<?>> suppliers) {
    this.key = key;
    this.most = most;
    this.idle = idle;
    this.suppliers = suppliers;
  }

  @Override
  public Outcome accept(T element, Emitter<? super R> out) throws Exception {
    Object of = Transforms.result(key.apply(element));
    Group<R> group = groups.get(of);
    if (group == null) {
      if (groups.size() == most) {
        closeFirst(out);
      }
      group = new Group<>(suppliers);
      groups.put(of, group);
    }
    group.lastAt = Time.nanoTime();
    Outcome outcome;
    try {
      outcome = group.accept(element, out);
    } catch (Throwable e) {
      note(group);
      throw e;
    }
    note(group);
    count++;
    return outcome;
  }

  /** Notes whether a group holds elements after a call for the current element. */
  private void note(Group<R> group) {
    if (!group.holds()) {
      forget(group);
    } else if (group.oldest < 0) {
      group.oldest = count;
      holding.put(count, group);
    }
  }

  private void forget(Group<R> group) {
    if (group.oldest >= 0) {
      holding.remove(group.oldest);
      group.oldest = -1;
    }
  }

  private void closeFirst(Emitter<? super R> out) throws Exception {
    Map.Entry<Object, Group<R>> first = groups.firstEntry();
    Group<R> group = first.getValue();
    group.end(out);
    groups.remove(first.getKey());
    forget(group);
    leftOver += group.leftOver();
    try {
      group.close();
    } catch (Exception e) {
      throw new Group.Failed(e);
    }
  }

  @Override
  public long wakeAt() {
    return groups.isEmpty() ? NEVER : groups.firstEntry().getValue().lastAt + idle;
  }

  @Override
  public void elapsed(long now, Emitter<? super R> out) throws Exception {
    while (!groups.isEmpty() && wakeAt() - now <= 0) {
      closeFirst(out);
    }
  }

  @Override
  public void end(Emitter<? super R> out) throws Exception {
    while (!groups.isEmpty()) {
      closeFirst(out);
    }
  }

  @Override
  public int holds() {
    return holding.isEmpty() ? 0 : (int) Math.min(count - holding.firstKey(), ALL - 1);
  }

  @Override
  public int leftOver() {
    return leftOver;
  }

  @Override
  public void close() throws Exception {
    Sources.closeAll(groups.values().stream().<AutoCloseable>map(group -> group::close).toList());
  }
}
