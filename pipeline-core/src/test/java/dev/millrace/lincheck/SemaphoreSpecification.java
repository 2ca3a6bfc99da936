package dev.millrace.lincheck;

/** What a semaphore must do, one operation after the other. */
public class SemaphoreSpecification {

  private long acquired = SemaphoreOperations.ACQUIRED;

  public boolean tryAcquire(int weight) {
    if (acquired + weight > SemaphoreOperations.CAPACITY) {
      return false;
    }
    acquired += weight;
    return true;
  }

  public void release(int weight) {
    acquired -= weight;
  }

  public long acquired() {
    return acquired;
  }
}
