package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.pipeline.Hooks;
import dev.millrace.pipeline.Hooks.Ending;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Sink;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The hooks are called once, at the right time, however the run ends. */
abstract class HooksConformance extends Theme {

  private final List<Object> log = new CopyOnWriteArrayList<>();

  private Pipe<Integer> hooked(Pipe<Integer> pipe) {
    return pipe.via("start", Hooks.onStart(() -> log.add("started")))
        .via("end", Hooks.onEnd(log::add));
  }

  @Test
  void startComesBeforeTheElementsAndEndAfterTheSinkHasTakenAll() {
    var pipe = hooked(Pipe.from(Numbers.below(3))).buffer("buffer", 5).mapParallel("m", 2, x -> x);
    run(pipe.to(Sink.forEach(log::add))).result();
    assertThat(log).containsExactly("started", 0, 1, 2, Ending.COMPLETED);
  }

  @Test
  void theyAreCalledWithoutElements() {
    run(hooked(Pipe.from(Numbers.below(0))).to(Sink.count())).result();
    assertThat(log).containsExactly("started", Ending.COMPLETED);
  }

  @Test
  void failedRunIsStopped() {
    var cause = new IOException("broken");
    var pipe = hooked(Pipe.from(Numbers.endless().at(3, () -> raise(cause))));
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(cause);
    assertThat(log).containsExactly("started", Ending.STOPPED);
  }

  @Test
  void inputThatNobodyWantsAnyMoreIsStopped() {
    run(hooked(Pipe.from(Numbers.endless())).take("two", 2).to(Sink.count())).result();
    assertThat(log).containsExactly("started", Ending.STOPPED);
  }

  @Test
  void laterInputStartsAtItsTurn() {
    var first = Pipe.from("first", Numbers.below(2).before(x -> assertThat(log).isEmpty()));
    var second = hooked(Pipe.from("second", Numbers.below(1)));
    run(Pipe.concat("both", List.of(first, second)).to(Sink.count())).result();
    assertThat(log).containsExactly("started", Ending.COMPLETED);
  }

  @Test
  void startThatThrowsStopsTheRun() {
    var cause = new IllegalStateException("not ready");
    var source = Numbers.endless();
    var pipe =
        Pipe.from(source)
            .<Integer>via(
                "start",
                Hooks.onStart(
                    () -> {
                      throw cause;
                    }));
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(cause);
    source.checkReleased();
  }

  @Test
  void endThatThrowsFailsTheRun() {
    var cause = new IllegalStateException("cannot log");
    var pipe =
        Pipe.from(Numbers.below(3))
            .<Integer>via(
                "end",
                Hooks.onEnd(
                    ending -> {
                      throw cause;
                    }));
    assertThat(run(pipe.to(Sink.count())).failed()).isSameAs(cause);
  }
}
