package dev.millrace.lincheck;

/** The sequential model of a semaphore. */
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
