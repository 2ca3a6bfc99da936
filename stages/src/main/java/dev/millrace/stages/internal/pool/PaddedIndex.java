package dev.millrace.stages.internal.pool;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A position in a ring, on a line of its own in a processor's cache, together with what its writer
 * remembers of another one: a thread that writes it takes the line away from no other.
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

  /** The writer's own. */
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

  /** As its only writer knows it. */
  public long own() {
    return value;
  }

  /** With all that was written before it. */
  public long get() {
    return (long) VALUE.getAcquire(this);
  }

  /** Shows all that was written before. */
  public void set(long next) {
    VALUE.setRelease(this, next);
  }

  /** Sets it to the next one if it is still that one; a full fence. */
  public boolean advance(long from) {
    return VALUE.compareAndSet(this, from, from + 1);
  }

  /** Takes the next position, of several writers; a full fence. */
  public long take() {
    return (long) VALUE.getAndAdd(this, 1L);
  }
}
