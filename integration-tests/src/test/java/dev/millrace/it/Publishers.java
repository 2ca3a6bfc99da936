package dev.millrace.it;

import dev.millrace.kafka.BatchHandler;
import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.TransactionalHandler;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Turns blocking handlers into functions that return publishers. Each publisher has a thread of its
 * own.
 */
final class Publishers {

  private Publishers() {}

  static Function<ConsumerRecord<String, String>, Mono<Void>> of(
      RecordHandler<String, String> handler) {
    return record -> of(() -> handler.handle(record));
  }

  static Function<List<ConsumerRecord<String, String>>, Mono<Void>> ofBatches(
      BatchHandler<String, String> handler) {
    return records -> of(() -> handler.handle(records));
  }

  /** The outputs of a handler, after its end. */
  static Function<ConsumerRecord<String, String>, Flux<ProducerRecord<String, String>>> ofOutputs(
      TransactionalHandler<String, String, String, String> handler) {
    return record ->
        Flux.defer(
            () -> {
              Queue<ProducerRecord<String, String>> output = new ConcurrentLinkedQueue<>();
              return of(() -> handler.handle(record, output::add))
                  .thenMany(Flux.fromIterable(output));
            });
  }

  /** A step that may block. */
  private interface Step {
    void run() throws Exception;
  }

  private static Mono<Void> of(Step step) {
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
