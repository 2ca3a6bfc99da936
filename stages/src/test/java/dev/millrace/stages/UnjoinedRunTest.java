package dev.millrace.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.Settlement;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A run that has failed, and that no thread joins, is logged once. */
class UnjoinedRunTest {

  private final Logger logger = Logger.getLogger("dev.millrace.pipeline.Run");
  private final List<LogRecord> logged = Collections.synchronizedList(new ArrayList<>());

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord entry) {
          logged.add(entry);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void stopListening() {
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }

  static List<Engine> engines() {
    return List.of(Engine.channels(), Engine.reactor());
  }

  private static Run<Long> failing(Engine engine, String message) {
    var run =
        Pipe.from(Source.of(List.of(1)))
            .map(
                "broken",
                (Integer x) -> {
                  throw new IOException(message);
                })
            .to(Sink.count())
            .start(engine, Context.background());
    await().until(run::isDone);
    return run;
  }

  @ParameterizedTest
  @MethodSource("engines")
  void closeLogsTheFailureOnce(Engine engine) {
    Run<Long> run = failing(engine, "boom");
    run.close();
    run.close();
    assertThat(logged)
        .singleElement()
        .satisfies(
            entry -> {
              assertThat(entry.getMessage())
                  .startsWith("no thread has joined a run that has failed.")
                  .contains("'broken'", "boom");
              assertThat(entry.getThrown()).hasRootCauseMessage("boom");
            });
  }

  @ParameterizedTest
  @MethodSource("engines")
  void failureThatIsJoinedIsNotLogged(Engine engine) {
    Run<Long> run = failing(engine, "boom");
    assertThatThrownBy(run::join).isInstanceOf(ExecutionException.class);
    run.close();
    assertThat(logged).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void cancelledRunIsNotLogged(Engine engine) {
    var run =
        Pipe.from(Source.generate(() -> 1)).to(Sink.count()).start(engine, Context.background());
    run.close();
    assertThat(logged).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void resourcesOfARunDoNotCountAsAJoin(Engine engine) {
    Source<Integer> settling = Source.settling(Source.of(List.of(1)), new Settled());
    var run =
        Pipe.from(settling)
            .map(
                "broken",
                (Integer x) -> {
                  throw new IOException("boom");
                })
            .to(Sink.count())
            .start(engine, Context.background());
    await().until(run::isDone);
    run.close();
    assertThat(logged).hasSize(1);
  }

  private static final class Settled implements Settlement<Integer> {
    @Override
    public void settled(Integer element) {}

    @Override
    public void abandoned(Integer element) {}
  }

  @Test
  void runThatIsNeverTouchedAgainIsLoggedAfterSomeSeconds() {
    for (Engine engine : engines()) {
      var _ = failing(engine, "in " + engine.name());
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertThat(logged)
                    .extracting(
                        entry -> Objects.requireNonNull(entry.getThrown().getCause()).getMessage())
                    .containsExactlyInAnyOrder("in channels", "in reactor"));
  }
}
