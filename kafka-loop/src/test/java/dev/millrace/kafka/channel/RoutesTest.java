package dev.millrace.kafka.channel;

import dev.millrace.kafka.RecordHandler;
import dev.millrace.kafka.builder.LoopBuilder;
import dev.millrace.kafka.builder.Route;
import dev.millrace.kafka.builder.Routes;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.serialization.StringDeserializer;

class RoutesTest extends RoutePromises {

  @Override
  protected LoopBuilder<?, ?, ?> routed(List<Path<?>> paths, Others others) {
    Routes routes = Routes.of(paths.stream().map(RoutesTest::route).toArray(Route[]::new));
    return KafkaLoop.builder()
        .properties(withoutDeserializers())
        .commitInterval(Duration.ofMillis(10))
        .factory(properties -> mock)
        .onError(errors::add)
        .routes(
            switch (others) {
              case STOP -> routes;
              case SKIP -> routes.skipOthers();
              case HANDLE ->
                  routes.otherwise(
                      StringDeserializer::new,
                      StringDeserializer::new,
                      record -> handled.add("other " + record.value()));
            });
  }

  private static <V> Route route(Path<V> path) {
    return path.topic() == null
        ? Route.matching(
            Objects.requireNonNull(path.pattern()),
            StringDeserializer::new,
            path.values(),
            path.handler())
        : Route.of(path.topic(), StringDeserializer::new, path.values(), path.handler());
  }

  @Override
  protected LoopBuilder<String, String, ?> handling(RecordHandler<String, String> handler) {
    return builder().handler(handler);
  }
}
