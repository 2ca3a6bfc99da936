package dev.millrace.kafka.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.kafka.ClassPath;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An application without Micrometer and OpenTelemetry. */
@Timeout(60)
class WithoutMicrometerTest {

  /** Loaded anew, with all classes that it uses, by a class loader without these libraries. */
  public static final class Application implements Callable<String> {
    @Override
    public String call() throws Exception {
      var mock = ClassPath.consumerOfOneRecord();
      var handled = new CountDownLatch(1);
      var loop =
          KafkaLoop.<String, String>builder()
              .properties(Map.of("bootstrap.servers", "localhost:1", "group.id", "test"))
              .deserializers(new StringDeserializer(), new StringDeserializer())
              .topics("orders")
              .factory(properties -> mock)
              .handler(record -> handled.countDown())
              .build();
      if (KafkaLoop.Builder.class.getMethods().length == 0) { // a framework that looks for setters
        return "no settings";
      }
      var running =
          new FutureTask<>(
              () -> {
                loop.run(Context.background());
                return "ended";
              });
      Thread.ofVirtual().start(running);
      handled.await();
      loop.drain(Duration.ofSeconds(5));
      return running.get();
    }
  }

  @Test
  void loopRunsWhereThereIsNone() throws Exception {
    try (var path = ClassPath.without("micrometer", "opentelemetry")) {
      assertThat(path.call(Application.class)).isEqualTo("ended");
    }
  }

  @Test
  void thereIsNone() throws Exception {
    try (var path = ClassPath.without("micrometer", "opentelemetry")) {
      assertThat(path.has("io.micrometer.core.instrument.MeterRegistry")).isFalse();
      assertThat(path.has("io.opentelemetry.api.OpenTelemetry")).isFalse();
    }
  }
}
