package dev.millrace.it;

import dev.millrace.kafka.RecordHandler;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import reactor.core.publisher.Mono;

/** Handlers that block as functions that return publishers, each with a thread of its own. */
final class Publishers {

  private Publishers() {}

  static Function<ConsumerRecord<String, String>, Mono<Void>> of(
      RecordHandler<String, String> handler) {
    return record ->
        Mono.create(
            sink -> {
              Thread thread =
                  Thread.ofVirtual()
                      .unstarted(
                          () -> {
                            try {
                              handler.handle(record);
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
