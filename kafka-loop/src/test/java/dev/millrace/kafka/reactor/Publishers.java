package dev.millrace.kafka.reactor;

import reactor.core.publisher.Mono;

/** What blocks, as publishers. */
final class Publishers {

  private Publishers() {}

  /** What may block. */
  @FunctionalInterface
  interface Step {
    void run() throws Exception;
  }

  /** In a thread of its own, which a cancellation interrupts. */
  static Mono<Void> of(Step step) {
    return Mono.create(
        sink -> {
          Thread thread =
              Thread.ofVirtual()
                  .unstarted(
                      () -> {
                        try {
                          step.run();
                          sink.success();
                        } catch (Throwable e) {
                          sink.error(e);
                        }
                      });
          sink.onCancel(thread::interrupt);
          thread.start();
        });
  }
}
