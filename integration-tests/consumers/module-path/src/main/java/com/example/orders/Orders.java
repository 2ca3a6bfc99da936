package com.example.orders;

import dev.millrace.context.Context;
import dev.millrace.kafka.channel.KafkaLoop;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.stages.reactor.Fluxes;
import java.util.Map;
import org.apache.kafka.common.serialization.StringDeserializer;
import reactor.core.publisher.Flux;

/** The same program on both engines, and a Kafka loop that is built, all on the module path. */
public final class Orders {
  private Orders() {}

  public static void main(String[] args) throws Exception {
    Pipeline<Long> job =
        Pipe.from(Fluxes.from(Flux.just(1L, 2L, 3L)))
            .mapParallel("double", 4, order -> order * 2)
            .to(Sink.fold(() -> 0L, Long::sum));
    for (Engine engine : new Engine[] {Engine.channels(), Engine.reactor()}) {
      long sum = job.start(engine, Context.background(), failure -> {}).join();
      if (sum != 12) {
        throw new AssertionError(engine.name() + ": " + sum);
      }
    }
    KafkaLoop<String, String> loop =
        KafkaLoop.<String, String>builder()
            .properties(Map.of("bootstrap.servers", "localhost:9092", "group.id", "orders"))
            .deserializers(new StringDeserializer(), new StringDeserializer())
            .topics("orders")
            .handler(order -> {})
            .build();
    System.out.println("module path: all as it should be, with " + loop.health());
  }
}
