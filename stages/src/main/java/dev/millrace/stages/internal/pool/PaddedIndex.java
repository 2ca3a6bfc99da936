package dev.millrace.stages.internal.pool;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A position in a ring, on a cache line of its own, together with its writer's copy of another
 * position. A thread that writes it takes the line away from no other thread.
 */
@SuppressWarnings("unused") // the padding
public final class PaddedIndex {

  private static final VarHandle VALUE =
      ConstantBootstraps.fieldVarHandle(
          MethodHandles.lookup(), "value", VarHandle.class, PaddedIndex.class, long.class);

  private long padding1;
  private long padding2;
  private long padding3;
  private long padding4;
  private long padding5;
  private long padding6;
  private long padding7;

  private long value;

  /** The writer's copy of another position. */
  public long seen;

  private long padding8;
  private long padding9;
  private long padding10;
  private long padding11;
  private long padding12;
  private long padding13;
  private long padding14;

  /** Begins at 0. */
  public PaddedIndex() {}

  /** The value as its only writer knows it: a plain read. */
  public long own() {
    return value;
  }

  /** The value, by an acquire read: the caller sees all that was written before {@link #set}. */
  public long get() {
    return (long) VALUE.getAcquire(this);
  }

  /** Publishes all that was written before: a release write. */
  public void set(long next) {
    VALUE.setRelease(this, next);
  }

  /** Advances by one if the value is {@code from}. Compare-and-set: a full fence. */
  public boolean advance(long from) {
    return VALUE.compareAndSet(this, from, from + 1);
  }

  /** Takes the next position, by one of several writers. Atomic: a full fence. */
  public long take() {
    return (long) VALUE.getAndAdd(this, 1L);
  }
}
