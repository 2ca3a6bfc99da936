package dev.millrace.benchmarks;

import java.util.List;

/** The threads of a benchmark. */
final class Work {

  /** The body of a thread. */
  @FunctionalInterface
  interface Body {
    void run() throws InterruptedException;
  }

  static Thread start(Body body) {
    return Thread.ofVirtual()
        .start(
            () -> {
              try {
                body.run();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  static void join(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** Sends small numbers, which the JDK has boxed in advance. */
  static void send(Conduit conduit, int elements) throws InterruptedException {
    for (int i = 0; i < elements; i++) {
      conduit.send(i & 127);
    }
  }

  static void receive(Conduit conduit, int elements) throws InterruptedException {
    for (int i = 0; i < elements; i++) {
      conduit.receive();
    }
  }

  private Work() {}
}
