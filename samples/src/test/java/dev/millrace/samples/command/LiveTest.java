package dev.millrace.samples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.RunReport;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LiveTest {

  private static final String SLOWEST = "slow +[1-9][0-9,]* .*<-";
  private static final String QUEUED = "(numbers|ahead) .* [1-9]\\d* #+";

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void frameHasTheRatesTheQueuesAndTheBottleneck(String engine) throws Exception {
    var job =
        Pipe.from("numbers", Source.of(IntStream.range(0, 100_000).boxed().toList()))
            .buffer("ahead", 8)
            .mapParallel(
                "slow",
                2,
                one -> {
                  Thread.sleep(1);
                  return one;
                })
            .to(Sink.count());
    var out = new ByteArrayOutputStream();
    try (var run = job.start(Engine.named(engine), Context.background())) {
      RunReport before = run.report();
      List<String> frame = // a queue may be empty for a moment
          await()
              .atMost(Duration.ofSeconds(30))
              .until(
                  () -> Live.frame(before, run.report(), run.explain()),
                  lines ->
                      lines.stream().anyMatch(line -> line.matches(QUEUED))
                          && lines.stream().anyMatch(line -> line.matches(SLOWEST)));
      assertThat(frame.getFirst()).startsWith("running for ");
      assertThat(frame).anyMatch(line -> line.startsWith("bottleneck: 'slow'"));
      assertThat(frame).allMatch(line -> line.length() < 60);
      run.cancel(new IllegalStateException("seen"));
      try (var live = Live.of(run, new PrintStream(out, true, StandardCharsets.UTF_8))) {
        assertThat(live).isNotNull();
      }
    }
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("stage", "slow");
  }
}
