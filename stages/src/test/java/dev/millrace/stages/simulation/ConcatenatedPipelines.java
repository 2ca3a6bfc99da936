package dev.millrace.stages.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.context.Context;
import dev.millrace.pipeline.Engine;
import dev.millrace.pipeline.Operators;
import dev.millrace.pipeline.Pipe;
import dev.millrace.pipeline.Pipes;
import dev.millrace.pipeline.Sink;
import dev.millrace.pipeline.Source;
import dev.millrace.stages.reactor.ReactorEngine;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/** Short pipes, one after the other, whose end waits for other inputs. */
public final class ConcatenatedPipelines implements LongConsumer {

  private static final Engine ENGINE = ReactorEngine.withGrace(Duration.ofSeconds(1));

  /** For the simulation. */
  public ConcatenatedPipelines() {}

  @Override
  public void accept(long seed) {
    int few = (int) Long.remainderUnsigned(seed, 6);
    try {
      assertThat(endsInZip(few)).isEqualTo(few);
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private static Pipe<Integer> numbers(String name, int from, int to) {
    return Pipe.from(name, Source.of(IntStream.range(from, to).boxed().toList()));
  }

  /** What the end of the concatenation makes waits for the other inputs of the zip. */
  private static long endsInZip(int few) throws InterruptedException, ExecutionException {
    Pipe<Integer> ends =
        Pipe.concat("all", List.of(numbers("none", 0, 0), numbers("some", 0, few)))
            .via("last", Operators.takeLast(9));
    return Pipes.zip(
            "zip", List.of(numbers("left", 0, 9), ends, numbers("right", 0, 9)), List::size)
        .to(Sink.count())
        .start(ENGINE, Context.background())
        .join();
  }
}
