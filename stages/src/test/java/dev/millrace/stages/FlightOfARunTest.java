package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Java Flight Recorder gets the waits and the failures of stages, alike on both engines. */
class FlightOfARunTest {

  static List<Engine> engines() {
    return List.of(Engine.channels(), Engine.reactor());
  }

  private static int slowly(int element) throws IOException {
    if (element == 3) {
      throw new IOException("boom");
    }
    LockSupport.parkNanos(2_000_000);
    return element;
  }

  @ParameterizedTest
  @MethodSource("engines")
  void waitsAndFailuresOfStagesAreRecorded(Engine engine) throws Exception {
    List<RecordedEvent> events = new CopyOnWriteArrayList<>();
    try (var jfr = new RecordingStream()) {
      jfr.enable("dev.millrace.StageWait").withThreshold(Duration.ofMillis(1));
      jfr.enable("dev.millrace.StageFailure");
      jfr.onEvent(events::add);
      jfr.startAsync();
      Pipe.from(Source.generate(() -> 1))
          .scan("count", () -> 0, Integer::sum)
          .take("some", 100)
          .buffer("apart", 2)
          .map("slow", FlightOfARunTest::slowly)
          .to(Sink.count())
          .start(engine, Context.background(), failure -> {})
          .join();
      jfr.stop(); // waits for the events
    }
    assertThat(events)
        .filteredOn(event -> event.getEventType().getName().equals("dev.millrace.StageWait"))
        .isNotEmpty()
        .allSatisfy(event -> assertThat(event.getDuration()).isGreaterThan(Duration.ofMillis(1)))
        .anySatisfy(
            event -> {
              assertThat(event.getString("stage")).isEqualTo("some");
              assertThat(event.getString("waitsFor")).isEqualTo("room");
            });
    assertThat(events)
        .filteredOn(event -> event.getEventType().getName().equals("dev.millrace.StageFailure"))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.getString("stage")).isEqualTo("slow");
              assertThat(event.getString("cause")).isEqualTo("java.io.IOException");
              assertThat(event.getString("message")).isEqualTo("boom");
            });
  }
}
