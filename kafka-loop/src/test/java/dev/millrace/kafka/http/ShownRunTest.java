package dev.millrace.kafka.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of pipelines, of both engines, on the page. */
@Timeout(60)
class ShownRunTest {

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void runIsShownWithItsGraphAndItsFigures(String engine) throws Exception {
    var gate = new CountDownLatch(1);
    Pipeline<Long> job =
        Pipe.from(Source.of(List.of(1, 2, 3)))
            .map(
                "save",
                one -> {
                  gate.await();
                  return one;
                })
            .to(Sink.count());
    var latest = new AtomicReference<@Nullable Run<Long>>();
    var pages = LoopPages.builder().run("import", job, latest::get).build();
    assertThat(status(pages))
        .contains("\"name\":\"import\",\"state\":\"not started\",\"elapsedMillis\":null")
        .contains("[\\\"save\\\"]");
    try (Run<Long> run = job.start(Engine.named(engine), Context.background())) {
      latest.set(run);
      await()
          .untilAsserted(
              () -> assertThat(status(pages)).contains("\"state\":\"running\"", "\"running\":1"));
      gate.countDown();
      run.join();
    }
    assertThat(status(pages))
        .contains("\"state\":\"ended\"", "\"name\":\"save\",\"received\":3,\"processed\":3")
        .contains("save: ended");
    assertThat(pages.answer("GET", "/health").status()).isEqualTo(200);
  }

  private static String status(LoopPages pages) {
    return new String(pages.answer("GET", "/status").body(), UTF_8);
  }
}
