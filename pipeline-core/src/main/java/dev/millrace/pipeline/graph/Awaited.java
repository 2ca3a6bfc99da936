package dev.millrace.pipeline.graph;

/** A run whose end a thread can await without asking for the outcome. Thread-safe. */
public interface Awaited {

  /** Waits until the run has ended and no thread of it is alive, or the run was given up. */
  void awaitEnd() throws InterruptedException;
}
