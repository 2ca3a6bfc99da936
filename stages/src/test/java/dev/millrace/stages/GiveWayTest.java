package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs whose functions only compute leave carriers to other virtual threads. */
@Timeout(60)
class GiveWayTest {

  static Stream<Engine> engines() {
    return Stream.of(Engine.channels(), Engine.reactor());
  }

  @ParameterizedTest
  @MethodSource("engines")
  void virtualThreadCancelsRunsThatOnlyCompute(Engine engine) throws Exception {
    int carriers = Runtime.getRuntime().availableProcessors();
    var begun = new CountDownLatch(carriers);
    try (var context = Context.background().withCancel()) {
      List<Run<Long>> runs = new ArrayList<>();
      for (int i = 0; i < carriers; i++) {
        runs.add(endless(begun).to(Sink.count()).start(engine, context));
      }
      begun.await();
      Thread.ofVirtual().start(context::cancel);
      for (Run<Long> run : runs) {
        assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
      }
    }
  }

  /**
   * Numbers without an end. When the classes for their code are loaded, one of them counts down.
   */
  private static Pipe<Long> endless(CountDownLatch begun) {
    return Pipe.from(Source.of(() -> LongStream.iterate(0, x -> x + 1).iterator()))
        .tee(
            "begun",
            x -> {
              if (x == 1_000_000) {
                begun.countDown();
              }
            })
        .map("next", x -> x + 1);
  }
}
