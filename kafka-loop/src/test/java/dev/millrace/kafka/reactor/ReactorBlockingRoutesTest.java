package dev.millrace.kafka.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.kafka.builder.Route;
import dev.millrace.kafka.builder.Routes;
import dev.millrace.kafka.channel.WithMockConsumer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

/** Routes whose handlers may block, on Reactor. */
class ReactorBlockingRoutesTest extends WithMockConsumer {

  @Test
  void aHandlerOfARouteMayBlock() throws Exception {
    assign(2, P0);
    List<Boolean> virtual = new CopyOnWriteArrayList<>();
    var loop =
        ReactorKafkaLoop.builder()
            .properties(properties())
            .commitInterval(Duration.ofMillis(10))
            .factory(properties -> mock)
            .routes(
                Routes.of(
                    Route.of(
                        "orders",
                        StringDeserializer::new,
                        StringDeserializer::new,
                        record -> virtual.add(Thread.currentThread().isVirtual()))))
            .build();
    var running = start(loop, Context.background());
    await().until(() -> committed(P0) == 2);
    loop.drain(Duration.ofSeconds(5));
    assertThat(running.get()).isEqualTo("ended");
    assertThat(virtual).containsExactly(true, true);
  }
}
