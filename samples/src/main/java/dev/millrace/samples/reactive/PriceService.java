package dev.millrace.samples.reactive;

import dev.millrace.errors.Backoff;
import dev.millrace.kafka.Ordering;
import dev.millrace.kafka.reactor.ReactorKafkaLoop;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Source;
import dev.millrace.stages.reactor.Fluxes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.kafka.receiver.ReceiverOptions;

/**
 * Reads lists of prices into a store. Each record names a file; its key is the supplier. No thread
 * of Reactor is ever blocked.
 */
public final class PriceService {

  private static final int PRICES_OF_A_SAVE = 100;

  private PriceService() {}

  /** The loop of the service. A list that cannot be read goes to the dead letters. */
  public static ReactorKafkaLoop<String, String> loop(
      ReceiverOptions<String, String> options, String deadLetters, PriceStore store) {
    return ReactorKafkaLoop.<String, String>builder()
        .receiverOptions(options)
        .ordering(Ordering.KEY) // the lists of one supplier are read one after the other
        .concurrency(16)
        .retryIf(failure -> failure instanceof IOException)
        .retry(3, Backoff.fixed(Duration.ofMillis(100)))
        .deadLetterTopic(deadLetters)
        .handler(list -> read(Path.of(list.value()), store))
        .build();
  }

  /** Reads a list into the store. Completes when the store has all of its prices. */
  static Mono<Void> read(Path list, PriceStore store) {
    Pipe<Price> prices =
        Pipe.from(Source.lines(list)) // blocks, in a virtual thread of the pipe
            .mapParallel("parse", 4, Price::parse);
    return Fluxes.asFlux(prices) // reads no faster than the store saves
        .buffer(PRICES_OF_A_SAVE)
        .concatMap(store::save)
        .then();
  }
}
