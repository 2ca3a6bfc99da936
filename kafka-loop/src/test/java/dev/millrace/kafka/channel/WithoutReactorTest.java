package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.kafka.ClassPath;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Sink;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application without Reactor, or with Reactor but without Reactor Kafka. */
@Timeout(60)
class WithoutReactorTest {

  /** An application with a pipeline over a topic. */
  public static final class Pipeline implements Callable<String> {
    @Override
    public String call() throws Exception {
      var mock = ClassPath.consumerOfOneRecord();
      var handled = new CountDownLatch(1);
      var run =
          KafkaSource.<String, String>builder()
              .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"))
              .deserializers(new StringDeserializer(), new StringDeserializer())
              .topics("orders")
              .factory(properties -> mock)
              .build()
              .pipe("orders")
              .tee("handle", record -> handled.countDown())
              .to(Sink.count())
              .start(Engine.channels(), Context.background());
      handled.await();
      run.drain(Duration.ofSeconds(5));
      return run.join() + " record";
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reactor-kafka", "rea"}) // Reactor Kafka; all that Reactor is
  void loopAndPipelineRunWithout(String jars) throws Exception {
    try (var path = ClassPath.without(jars)) {
      assertThat(path.call(WithoutMicrometerTest.Application.class)).isEqualTo("ended");
      assertThat(path.call(Pipeline.class)).isEqualTo("1 record");
    }
  }

  @Test
  void thereIsNone() throws Exception {
    try (var path = ClassPath.without("rea")) {
      assertThat(path.has("reactor.core.publisher.Flux")).isFalse();
      assertThat(path.has("reactor.kafka.receiver.KafkaReceiver")).isFalse();
      assertThat(path.has("org.reactivestreams.Publisher")).isFalse();
    }
  }
}
