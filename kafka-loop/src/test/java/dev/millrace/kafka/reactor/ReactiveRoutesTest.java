package dev.millrace.kafka.reactor;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.channel.RoutePromises;
import dev.millrace.kafka.reactor.ReactiveRoutes.Route;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.serialization.StringDeserializer;
import reactor.core.publisher.Mono;

/** The same with publishers. */
class ReactiveRoutesTest extends RoutePromises {

  @Override
  protected LoopBuilder<?, ?, ?> routed(List<Path<?>> paths, Others others) {
    ReactiveRoutes routes =
        ReactiveRoutes.of(paths.stream().map(ReactiveRoutesTest::route).toArray(Route[]::new));
    return ReactorKafkaLoop.builder()
        .properties(withoutDeserializers())
        .commitInterval(Duration.ofMillis(10))
        .factory(properties -> mock)
        .onError(errors::add)
        .reactiveRoutes(
            switch (others) {
              case STOP -> routes;
              case SKIP -> routes.skipOthers();
              case HANDLE ->
                  routes.otherwise(
                      StringDeserializer::new,
                      StringDeserializer::new,
                      record -> Mono.fromRunnable(() -> handled.add("other " + record.value())));
            });
  }

  private static <V> Route route(Path<V> path) {
    RecordHandler<String, V> handler = path.handler();
    return path.topic() == null
        ? ReactiveRoutes.matching(
            Objects.requireNonNull(path.pattern()),
            StringDeserializer::new,
            path.values(),
            record -> Publishers.of(() -> handler.handle(record)))
        : ReactiveRoutes.route(
            path.topic(),
            StringDeserializer::new,
            path.values(),
            record -> Publishers.of(() -> handler.handle(record)));
  }

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return WithMockReceiver.reactive(mock, errors)
        .handler(record -> Publishers.of(() -> handler.handle(record)));
  }
}
