package dev.millrace.stages.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.channel.Channel;
import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import io.micrometer.common.KeyValue;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The values of the meters of runs, and their observations, on both engines. */
class PipelineMetersTest {

  private static final Path PAGE = Path.of("..", "docs", "pipeline-meters.md");

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ObservationRegistry observations = ObservationRegistry.create();
  private final Queue<Observation.Context> stopped = new ConcurrentLinkedQueue<>();
  private final PipelineMeters meters = PipelineMeters.of(registry).withObservations(observations);

  PipelineMetersTest() {
    observations
        .observationConfig()
        .observationHandler(
            new ObservationHandler<>() {
              @Override
              public void onStop(Observation.Context context) {
                stopped.add(context);
              }

              @Override
              public boolean supportsContext(Observation.Context context) {
                return true;
              }
            });
  }

  private double count(String meter, String... tags) {
    return registry.get("millrace.pipeline." + meter).tags(tags).functionCounter().count();
  }

  private long runs(String outcome) {
    var timer = registry.find("millrace.pipeline.runs").tag("outcome", outcome).timer();
    return timer == null ? 0 : timer.count();
  }

  private static Pipeline<Long> job(int elements) {
    return Pipe.from(Source.of(java.util.stream.IntStream.range(0, elements).boxed().toList()))
        .filter("even", x -> x % 2 == 0)
        .map(
            "map",
            x -> {
              if (x == 4) {
                throw new IOException("four");
              }
              return x;
            })
        .to(Sink.count());
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void countsOfAllRunsAreAddedUp(String name) throws Exception {
    Engine engine = meters.engine("orders", Engine.named(name));
    assertThat(engine.name()).isEqualTo(name);
    for (int i = 1; i <= 2; i++) {
      job(10).start(engine, Context.background(), failure -> {}).join();
      int of = i;
      Awaitility.await().until(() -> runs("completed") == of);
      assertThat(count("elements", "stage", "even", "outcome", "processed")).isEqualTo(5 * i);
      assertThat(count("elements", "stage", "even", "outcome", "dropped")).isEqualTo(5 * i);
      assertThat(count("elements", "stage", "map", "outcome", "failed")).isEqualTo(i);
      assertThat(count("emitted", "stage", "map")).isEqualTo(4 * i);
    }
    assertThat(registry.get("millrace.pipeline.active").gauge().value()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void runThatGoesOnIsSeen(String name) throws Exception {
    Channel<Integer> input = Channel.rendezvous();
    var run =
        Pipe.from(Source.channel(input))
            .to(Sink.forEach(x -> Thread.sleep(1_000_000)))
            .start(meters.engine("slow", Engine.named(name)), Context.background());
    input.send(1);
    Awaitility.await()
        .until(
            () ->
                registry.get("millrace.pipeline.in.flight").tag("stage", "sink").gauge().value()
                    == 1);
    assertThat(registry.get("millrace.pipeline.active").gauge().value()).isEqualTo(1);
    run.cancel(new IOException("stop"));
    assertThatThrownBy(run::join).isInstanceOf(CancellationException.class);
    Awaitility.await().until(() -> runs("cancelled") == 1);
    assertThat(registry.get("millrace.pipeline.in.flight").tag("stage", "sink").gauge().value())
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void runAndStagesAreObserved(String name) {
    Engine engine = meters.engine("orders", Engine.named(name));
    Observation parent = Observation.start("caller", observations);
    try (var scope = parent.openScope()) {
      var run = job(10).start(engine, Context.background());
      assertThatThrownBy(run::join).isInstanceOf(ExecutionException.class);
    }
    Awaitility.await().until(() -> runs("failed") == 1 && stopped.size() == 5);
    Observation.Context of =
        stopped.stream()
            .filter(each -> "millrace.pipeline.run".equals(each.getName()))
            .findFirst()
            .orElseThrow();
    assertThat(of.getLowCardinalityKeyValue("outcome")).isEqualTo(KeyValue.of("outcome", "failed"));
    assertThat(of.getError()).hasRootCauseInstanceOf(IOException.class);
    assertThat(of.getParentObservation()).isSameAs(parent);
    Observation.Context stage =
        stopped.stream()
            .filter(each -> "stage map".equals(each.getContextualName()))
            .findFirst()
            .orElseThrow();
    assertThat(stage.getHighCardinalityKeyValue("failed")).isEqualTo(KeyValue.of("failed", "1"));
    assertThat(stage.getParentObservation()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"channels", "reactor"})
  void pageListsTheMetersThatThereAre(String name) throws Exception {
    job(10)
        .start(meters.engine("orders", Engine.named(name)), Context.background(), failure -> {})
        .join();
    Awaitility.await().until(() -> runs("completed") == 1);
    Set<String> onThePage;
    try (var lines = Files.lines(PAGE)) {
      onThePage =
          lines
              .filter(line -> line.startsWith("| `"))
              .map(line -> line.replace("`", "").split("\\|"))
              .map(cells -> Stream.of(cells).skip(1).limit(4).map(String::strip))
              .map(cells -> cells.collect(Collectors.joining(" ")))
              .collect(Collectors.toSet());
    }
    assertThat(registry.getMeters().stream().map(PipelineMetersTest::asOnThePage).distinct())
        .containsExactlyInAnyOrderElementsOf(onThePage);
  }

  private static String asOnThePage(Meter meter) {
    Meter.Id id = meter.getId();
    assertThat(id.getDescription()).as(id.getName()).isNotBlank();
    String kind =
        switch (meter) {
          case FunctionCounter counter -> "counter";
          case Gauge gauge -> "gauge";
          default -> "timer";
        };
    List<String> tags = id.getTags().stream().map(Tag::getKey).toList();
    return "%s %s %s %s".formatted(id.getName(), kind, id.getBaseUnit(), String.join(", ", tags));
  }
}
