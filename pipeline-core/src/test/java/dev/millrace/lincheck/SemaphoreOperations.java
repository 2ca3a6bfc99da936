package dev.millrace.lincheck;

import dev.millrace.sync.Semaphore;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/**
 * The operations of a semaphore that do not wait. Enough weight is acquired at the beginning that
 * no scenario releases too much: Lincheck sometimes hangs when the message of an exception is
 * formatted.
 */
@Param(name = "weight", gen = IntGen.class, conf = "1:2")
public class SemaphoreOperations {

  static final int CAPACITY = 20;
  static final int ACQUIRED = 18;

  private final Semaphore semaphore = new Semaphore(CAPACITY);

  public SemaphoreOperations() {
    semaphore.tryAcquire(ACQUIRED);
  }

  @Operation
  public boolean tryAcquire(@Param(name = "weight") int weight) {
    return semaphore.tryAcquire(weight);
  }

  @Operation
  public void release(@Param(name = "weight") int weight) {
    semaphore.release(weight);
  }

  @Operation
  public long acquired() {
    return semaphore.acquired();
  }
}
