package dev.millrace.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.errors.Failure;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Pipeline;
import dev.millrace.pipeline.Run;
import dev.millrace.pipeline.StageConsumer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A run under test: started, ended, and checked. */
final class Trial<R> {

  private final EngineConformance kit;
  private final Pipeline<R> pipeline;
  private final List<Failure<?>> failures = new CopyOnWriteArrayList<>();
  private final long firstThread = Threads.nextId();
  private final Run<R> run;

  Trial(
      EngineConformance kit,
      Engine engine,
      Pipeline<R> pipeline,
      Context context,
      StageConsumer<? super Failure<?>> onFailure) {
    this.kit = kit;
    this.pipeline = pipeline;
    this.run =
        pipeline.start(
            engine,
            context,
            failure -> {
              failures.add(failure);
              onFailure.accept(failure);
            });
  }

  Run<R> run() {
    return run;
  }

  /** The failures that the handler has received so far. */
  List<Failure<?>> failures() {
    return failures;
  }

  /** Waits for the end, and checks the promises of every run. */
  Ended<R> end() {
    Ended<R> ended = join();
    noThreadIsLeft();
    Books.audit(pipeline, ended.report());
    endIsTheEnd(ended);
    return ended;
  }

  /** Waits for the end, and checks only that the run ends in time. */
  Ended<R> join() {
    FutureTask<R> join = new FutureTask<>(run::join);
    Thread thread = Thread.ofVirtual().name(Threads.OWN + "-join").start(join);
    R outcome = null;
    Throwable thrown = null;
    try {
      outcome = join.get(kit.patience().toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      thrown = e.getCause();
    } catch (TimeoutException e) {
      throw stuck(thread);
    } catch (InterruptedException e) {
      throw new AssertionError("the test was interrupted", e);
    }
    assertThat(run.isDone()).as("done after join").isTrue();
    return new Ended<>(outcome, thrown, List.copyOf(failures), run.report());
  }

  private AssertionError stuck(Thread joining) {
    var error =
        new AssertionError(
            "the run has not ended within %s:\n%s\nits threads:\n%s"
                .formatted(kit.patience(), run.explain(), String.join("\n\n", left())));
    run.cancel(error);
    joining.interrupt();
    return error;
  }

  /** The stacks of all threads that were started after the run. */
  private List<String> left() {
    if (!kit.looksForThreads()) {
      return List.of();
    }
    return Threads.alive().stream()
        .filter(thread -> thread.threadId() >= firstThread)
        .filter(thread -> thread.isVirtual() || !kit.isShared(thread.getName()))
        .map(Threads::describe)
        .toList();
  }

  /**
   * Fails if a thread of the run is still alive. It waits for a moment, because a thread ends
   * shortly after it has reported its end to the run.
   */
  void noThreadIsLeft() {
    if (!left().isEmpty()) {
      Awaitility.await("the end of all threads of the run")
          .atMost(
              kit.patience().compareTo(Duration.ofSeconds(5)) < 0
                  ? kit.patience()
                  : Duration.ofSeconds(5))
          .pollInSameThread()
          .pollInterval(Duration.ofMillis(5))
          .untilAsserted(() -> assertThat(left()).as("threads after join").isEmpty());
    }
  }

  private void endIsTheEnd(Ended<R> ended) {
    run.close();
    run.cancel(new IllegalStateException("cancelled after its end"));
    run.drain(Duration.ZERO);
    Ended<R> again = join();
    assertThat(again.outcome()).as("second join").isEqualTo(ended.outcome());
    assertThat(kind(again.thrown())).as("second join").isEqualTo(kind(ended.thrown()));
    assertThat(again.report()).as("report after the end").isEqualTo(ended.report());
  }

  private static @Nullable Object kind(@Nullable Throwable thrown) {
    return thrown == null ? null : thrown.getClass();
  }
}
